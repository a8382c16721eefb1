"""Every change to people and their sessions."""
