"""The pages of the second factor: its question, setting it up, and turning it off.

They stand below the admin and outside of its guard, which lets in only who has answered. Their own guard lets in who
may use the admin and has shown the password.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from rest_framework.exceptions import Throttled
from unfold.widgets import UnfoldAdminTextInputWidget

from helpdesk.accounts import attendance, second_factor, totp
from helpdesk.accounts.api.caller import device
from helpdesk.accounts.models import TotpDevice
from helpdesk.accounts.operations import second_factor as operations
from helpdesk.accounts.sealing import Unreadable, seal, unseal
from helpdesk.accounts.second_factor import Owed
from helpdesk.api.errors import problem_for
from helpdesk.core.errors import DomainError
from helpdesk.limits import limiter

View = Callable[[Any], HttpResponse]

# The secret that is being set up, sealed: each browser gets one of its own, so nobody has seen it before.
_PENDING: Final = "second_factor_pending"
_NEXT: Final = "next"


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=64,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false", "autofocus": True}
        ),
    )


def urls(site: Any) -> list[URLPattern]:
    def guarded(view: Callable[[Any, Any], HttpResponse]) -> View:
        @wraps(view)
        def inner(request: Any) -> HttpResponse:
            if not second_factor.may_enter(request):
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            if attendance.left_alone(request, now=timezone.now()):
                logout(request)
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            if not second_factor.is_offered():
                raise Http404
            if second_factor.owed(request):
                second_factor.shorten(request)
            request.current_app = site.name
            return view(request, site)

        return csrf_protect(never_cache(sensitive_post_parameters("code")(inner)))

    return [
        path("second-factor/", guarded(question), name="second_factor"),
        path("second-factor/set-up/", guarded(set_up), name="second_factor_set_up"),
        path("second-factor/turn-off/", guarded(turn_off), name="second_factor_turn_off"),
    ]


def question(request: Any, site: Any) -> HttpResponse:
    """Where one is led after the password, and from the menu."""
    if second_factor.owed(request) is not Owed.CODE:
        known = TotpDevice.objects.filter(user=request.user).first()
        return _led_to("set_up", request) if known is None else _state(request, site, known, CodeForm())
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if refusal := _too_many(request):
            return refusal
        typed, now = form.cleaned_data["code"], timezone.now()
        known_id = operations.answer(user=request.user, typed=typed, device=device(request), now=now)
        if known_id is not None:
            _let_in(request, device_id=known_id)
            return HttpResponseRedirect(_next(request))
        form.add_error("code", str(operations.WrongCode().detail))
    return _page(request, site, "question", form=form)


def set_up(request: Any, site: Any) -> HttpResponse:
    if TotpDevice.objects.filter(user=request.user).exists():
        return _led_to("", request)
    secret, form = _pending(request), CodeForm(request.POST or None)
    if form.is_valid():
        if refusal := _too_many(request):
            return refusal
        typed, now = form.cleaned_data["code"], timezone.now()
        try:
            made, codes = operations.enable(by=request.user, secret=secret, code=typed, now=now)
        except DomainError as error:
            form.add_error("code", str(error.detail))
        else:
            del request.session[_PENDING]
            _let_in(request, device_id=made.pk)
            return _page(request, site, "recovery_codes", codes=codes)
    issuer = f"Helpdesk ({urlsplit(settings.PUBLIC_URL).hostname})"
    scanned = totp.address(secret, username=request.user.username, issuer=issuer)
    more = {"qr_code": totp.qr_code(scanned), "secret": secret, "is_required": second_factor.is_required()}
    return _page(request, site, "set_up", form=form, **more)


def turn_off(request: Any, site: Any) -> HttpResponse:
    known = TotpDevice.objects.filter(user=request.user).first()
    if known is None or second_factor.owed(request):
        return _led_to("", request)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if refusal := _too_many(request):
            return refusal
        try:
            operations.disable_own(by=request.user, typed=form.cleaned_data["code"], now=timezone.now())
        except DomainError as error:
            form.add_error("code", str(error.detail))
        else:
            return HttpResponseRedirect(reverse("admin:second_factor"))
    return _state(request, site, known, form)


def _let_in(request: Any, *, device_id: int) -> None:
    second_factor.shown(request, device_id=device_id)
    second_factor.tell_once(request, device=device(request))


def _pending(request: Any) -> str:
    try:
        return unseal(request.session[_PENDING], user_id=request.user.pk)
    except (KeyError, Unreadable):
        secret = totp.new_secret()
        request.session[_PENDING] = seal(secret, user_id=request.user.pk)
        return secret


def _state(request: Any, site: Any, known: TotpDevice, form: CodeForm) -> HttpResponse:
    more = {"since": known.confirmed_at, "left": len(known.recovery_digests)}
    return _page(request, site, "state", form=form, is_required=second_factor.is_required(), **more)


def _too_many(request: Any) -> HttpResponse | None:
    """Tries are counted before they are looked at, also while Redis is down: six digits are soon guessed."""
    if not settings.RATE_LIMIT_ENABLED:
        return None
    verdict = limiter.charge_code(request.user.pk, fallback="database").verdict
    if verdict.allowed:
        return None
    problem = problem_for(Throttled(wait=verdict.retry_after))
    assert problem is not None
    return problem.response()


def _led_to(page: str, request: Any) -> HttpResponse:
    address = reverse(f"admin:second_factor{page and f'_{page}'}")
    return HttpResponseRedirect(f"{address}?{urlencode({_NEXT: _next(request)})}")


def _next(request: Any) -> str:
    wanted = str(request.POST.get(_NEXT) or request.GET.get(_NEXT) or "")
    here = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=here, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")


def _page(request: Any, site: Any, name: str, **context: Any) -> HttpResponse:
    around = {**site.each_context(request), "title": _("Second factor"), "next": _next(request)}
    return render(request, f"second_factor/{name}.html", {**around, **context})
