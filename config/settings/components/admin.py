"""The admin: its cookies, which go to no other path, and how it looks."""

from typing import Any
from urllib.parse import urlsplit

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from .auth import SESSION_MAX_AGE
from .env import env, one_of
from .helpdesk import PUBLIC_URL

ADMIN_PATH = "/admin/"
# Whether people may, or must, show a code besides their password.
ADMIN_TOTP = env("ADMIN_TOTP", cast=one_of("off", "optional", "required"), default="off")
LOGIN_URL = LOGIN_REDIRECT_URL = "admin:index"

SESSION_COOKIE_AGE = min(12 * 60 * 60, SESSION_MAX_AGE)
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = ADMIN_PATH
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "helpdesk.backoffice.csrf.refuse"

# Behind a proxy that ends TLS a form comes from https://…, and the request for it looks like http://….
_public = urlsplit(PUBLIC_URL)
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

# `AdminMiddleware` holds all three, and lets the API pass.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410"]


def _link(title: Any, icon: str, view: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{view}")}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Helpdesk",
    "SITE_HEADER": "Helpdesk",
    "SITE_SYMBOL": "support_agent",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("backoffice/favicon.svg")}],
    "ACCOUNT": {"navigation": "helpdesk.accounts.second_factor.account_links"},
    "DASHBOARD_CALLBACK": "helpdesk.tickets.admin.dashboard.context",
    "SIDEBAR": {
        "navigation": [
            {
                "items": [
                    _link(_("Dashboard"), "dashboard", "index"),
                    _link(_("Tickets"), "confirmation_number", "tickets_ticket_changelist"),
                    _link(_("Categories"), "category", "tickets_category_changelist"),
                    _link(_("Tags"), "sell", "tickets_tag_changelist"),
                    _link(_("Teams"), "groups", "tickets_team_changelist"),
                    _link(_("Workloads"), "fitness_center", "tickets_workload_changelist"),
                    _link(_("People"), "group", "accounts_user_changelist"),
                ],
            },
            {
                "title": _("What happened"),
                "separator": True,
                "items": [
                    _link(_("E-mail log"), "mail", "notifications_emaillog_changelist"),
                    _link(_("Event log"), "history", "events_eventrecord_changelist"),
                    _link(_("Assignment decisions"), "rule", "tickets_assignmentdecision_changelist"),
                    _link(_("Timers"), "timer", "tickets_timer_changelist"),
                    _link(_("Parked deliveries"), "pause_circle", "events_eventreceipt_changelist"),
                ],
            },
        ],
    },
}
