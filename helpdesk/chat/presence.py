"""Who is here now. The one place where chats ask."""

from helpdesk.realtime.presence import online

__all__ = ["online"]
