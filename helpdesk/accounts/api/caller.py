"""Who is asking."""

from rest_framework.request import Request

from helpdesk.accounts.models import User


def caller(request: Request) -> User:
    """The signed-in user; the base of our views has answered 401 to everybody else."""
    assert isinstance(request.user, User)
    return request.user
