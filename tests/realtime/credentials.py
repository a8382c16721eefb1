"""Tokens as clients bring them, good and bad."""

from datetime import timedelta
from typing import Any

from rest_framework_simplejwt.tokens import AccessToken

from helpdesk.accounts import tokens
from helpdesk.accounts.models import Session


def token_living(user: Any, lifetime: timedelta) -> str:
    token = AccessToken()
    token["ver"] = user.token_version
    token["user_id"], token["sid"] = user.pk, str(Session.objects.create(user=user).pk)
    token.set_exp(lifetime=lifetime)
    return str(token)


def refresh_token(user: Any) -> str:
    return tokens.issue(Session.objects.create(user=user))["refresh"]
