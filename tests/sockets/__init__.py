"""Clients of a socket so cheap that thousands fit beside the server that they measure."""
