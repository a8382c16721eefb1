from tests.realtime.conftest import listen, listen_plainly, open_socket

__all__ = ["listen", "listen_plainly", "open_socket"]
