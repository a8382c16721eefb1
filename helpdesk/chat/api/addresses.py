"""Addresses that answers carry."""

from rest_framework.request import Request

from helpdesk.chat.queries import Link


def link_to(request: Request) -> Link:
    """Where the bytes of a file are, under the prefix that was asked at."""
    prefix = "/api/v1" if request.path.startswith("/api/v1/") else "/api"
    beginning = request.build_absolute_uri(f"{prefix}/chat/attachments/")
    return lambda pk: f"{beginning}{pk}/download/"
