"""Who may enter the admin, and how one signs in.

Not in the package `admin`: that one registers with this site, which must be there first.
"""

from functools import update_wrapper
from typing import Any

from django.conf import settings
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.http import HttpResponse, HttpResponseBase
from django.urls import URLPattern, reverse
from django.utils import timezone
from rest_framework.exceptions import Throttled
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.sites import UnfoldAdminSite

from helpdesk.accounts import second_factor, second_factor_pages
from helpdesk.accounts.operations import sessions
from helpdesk.accounts.operations.users import set_password
from helpdesk.accounts.roles import Permission
from helpdesk.api.errors import problem_for
from helpdesk.limits import addresses, limiter


class SignInForm(AuthenticationForm):
    def confirm_login_allowed(self, user: Any) -> None:
        """Who may not enter is told the same as who mistyped: a good password must not show itself here."""
        if not user.may(Permission.USE_ADMIN):
            raise self.get_invalid_login_error()


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    user: Any

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
        response: HttpResponseBase = super().login(request, extra_context)
        return response

    def password_change(self, request: Any, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)


def _over_the_limit(request: Any) -> HttpResponse | None:
    """Guesses are counted with those at the API, before anything is hashed, and also while Redis is down."""
    if not settings.RATE_LIMIT_ENABLED:
        return None
    verdict = limiter.charge_address(addresses.origin(request.META), fallback="database").verdict
    if verdict.allowed:
        return None
    problem = problem_for(Throttled(wait=verdict.retry_after))
    assert problem is not None
    return problem.response()
