"""Who is asking, and from where."""

from ipaddress import ip_address

from django.http import HttpRequest
from rest_framework.request import Request

from helpdesk.accounts.devices import USER_AGENT_LENGTH, Device
from helpdesk.accounts.models import User
from helpdesk.accounts.tokens import AccessClaims


def caller(request: Request) -> User:
    """The signed-in user; the base of our views has answered 401 to everybody else."""
    assert isinstance(request.user, User)
    return request.user


def claims(request: Request) -> AccessClaims:
    """What the access token said that the caller sent."""
    assert isinstance(request.auth, AccessClaims)
    return request.auth


def device(request: Request | HttpRequest) -> Device:
    """The client's own address (`TRUSTED_PROXIES` is settled by then), and what it calls itself, made printable."""
    agent = "".join(letter for letter in request.META.get("HTTP_USER_AGENT", "") if letter.isprintable())
    return Device(address=_address(request.META.get("REMOTE_ADDR") or ""), user_agent=agent[:USER_AGENT_LENGTH])


def _address(text: str) -> str:
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return ""
