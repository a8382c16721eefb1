"""Who may enter the admin, and how one signs in.

Not in the package `admin`: that one registers with this site, which must be there first.
"""

from functools import partial, update_wrapper
from http import HTTPStatus
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpResponse, HttpResponseBase
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from rest_framework.exceptions import Throttled
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.sites import UnfoldAdminSite

from helpdesk.accounts import attendance, second_factor, second_factor_pages
from helpdesk.accounts.api.caller import device
from helpdesk.accounts.operations import credentials, sessions
from helpdesk.accounts.operations.users import set_password
from helpdesk.accounts.roles import Permission
from helpdesk.api.errors import problem_for
from helpdesk.core.errors import Throttled as TooManyGuesses
from helpdesk.core.errors import Unavailable
from helpdesk.limits import addresses, limiter

# What the right password meets too: too many wrong ones before it, or too many people at once.
_NOT_NOW: Final = (TooManyGuesses, Unavailable)
# As at the API: what is longer is refused before anything is hashed.
LONGEST_NAME: Final = 254
LONGEST_PASSWORD: Final = 1024


def _bounded(fields: dict[str, forms.Field]) -> None:
    for name, field in fields.items():
        if isinstance(field, forms.CharField):
            longest = LONGEST_NAME if name == "username" else LONGEST_PASSWORD
            field.max_length = longest
            field.validators.append(MaxLengthValidator(longest))
            field.widget.attrs["maxlength"] = longest


class SignInForm(AuthenticationForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bounded(self.fields)

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        """Who may not enter is told the same as who mistyped: a good password must not show itself here."""
        typed = {name: self.cleaned_data.get(name) for name in ("username", "password")}
        if all(typed.values()):
            try:
                self.user_cache = credentials.check(
                    **typed, device=device(self.request), now=timezone.now(), permission=Permission.USE_ADMIN
                )
            except credentials.NoActiveAccount:
                raise self.get_invalid_login_error() from None
        cleaned: dict[str, Any] = self.cleaned_data
        return cleaned


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    user: Any

    def __init__(self, *args: Any, request: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        _bounded(self.fields)

    @sensitive_variables()
    def clean_old_password(self) -> str:
        """Counted like a sign-in: an unlocked browser is no place to guess at it either."""
        typed: str = self.cleaned_data["old_password"]
        if not credentials.confirm(user=self.user, password=typed, device=device(self.request), now=timezone.now()):
            raise ValidationError(self.error_messages["password_incorrect"])
        return typed

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002, ARG002
        password = self.cleaned_data["new_password1"]
        self.user = set_password(by=self.user, user_id=self.user.pk, password=password, now=timezone.now())
        return self.user


class Site(UnfoldAdminSite):
    login_form = SignInForm

    def has_permission(self, request: Any) -> bool:
        """Asked anew for every request: a role can change."""
        return second_factor.may_enter(request) and second_factor.owed(request) is None

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Who has shown the password alone is led to the question, from wherever it is."""
        inner = super().admin_view(view, cacheable)

        def asked(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if second_factor.may_enter(request) and attendance.left_alone(request, now=timezone.now()):
                logout(request)
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            if second_factor.is_half_signed_in(request):
                second_factor.shorten(request)
                return redirect_to_login(request.get_full_path(), reverse("admin:second_factor"))
            response: HttpResponseBase = inner(request, *args, **kwargs)
            return response

        return update_wrapper(asked, inner)

    def extra_urls(self) -> list[URLPattern]:
        return second_factor_pages.urls(self)

    def get_urls(self) -> list[URLPattern]:
        # The theme's search of everything reads whole tables, and trips over `?page=x`.
        return [url for url in super().get_urls() if getattr(url, "name", "") != "search"]

    def login(self, request: Any, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        if request.method == "POST":
            if refusal := _over_the_limit(request):
                return refusal
            sessions.forget_expired_cookies(now=timezone.now())
        try:
            response: HttpResponseBase = super().login(request, extra_context)
        except _NOT_NOW as error:
            return _page_of(error)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            attendance.arrived(request, now=timezone.now())
            second_factor.ask_anew(request)
            if not second_factor.is_half_signed_in(request):
                second_factor.tell_once(request, device=device(request))
        return response

    def password_change(self, request: Any, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=partial(OwnPasswordForm, request=request),
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        try:
            response: HttpResponseBase = view(request)
        except _NOT_NOW as error:
            return _page_of(error)
        return response


def _over_the_limit(request: Any) -> HttpResponse | None:
    """Guesses are counted with those at the API, before anything is hashed, and also while Redis is down."""
    if not settings.RATE_LIMIT_ENABLED:
        return None
    verdict = limiter.charge_address(addresses.origin(request.META), fallback="database").verdict
    if verdict.allowed:
        return None
    return _page_of(Throttled(wait=verdict.retry_after))


def _page_of(error: Exception) -> HttpResponse:
    problem = problem_for(error)
    assert problem is not None
    return problem.response()
