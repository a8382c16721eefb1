"""Every REST resource on one screen."""

from django.urls import URLPattern, URLResolver, include, path

from helpdesk.accounts.api.password_links import ConfirmResetView, ResetView
from helpdesk.accounts.api.registration import RegisterView, ResendVerificationView, VerifyEmailView
from helpdesk.accounts.api.tokens import RefreshView, TokenView, VerifyView
from helpdesk.accounts.api.users import MeView, UserViewSet
from helpdesk.api.routing import Router
from helpdesk.events.api.views import EventsView
from helpdesk.tickets.api.comments import CommentViewSet, TicketCommentViewSet
from helpdesk.tickets.api.tickets import TicketViewSet

router = Router()
router.register("users", UserViewSet, basename="users")
router.register("tickets", TicketViewSet, basename="tickets")
router.register("comments", CommentViewSet, basename="comments")

urlpatterns: list[URLPattern | URLResolver] = [
    path("auth/token/", TokenView.as_view(), name="token"),
    path("auth/token/refresh/", RefreshView.as_view(), name="token-refresh"),
    path("auth/token/verify/", VerifyView.as_view(), name="token-verify"),
    path("auth/register/", RegisterView.as_view(), name="register"),
    path("auth/email/verify/", VerifyEmailView.as_view(), name="email-verify"),
    path("auth/email/verify/resend/", ResendVerificationView.as_view(), name="email-verify-resend"),
    path("auth/password/reset/", ResetView.as_view(), name="password-reset"),
    path("auth/password/reset/confirm/", ConfirmResetView.as_view(), name="password-reset-confirm"),
    path("users/me/", MeView.as_view(), name="me"),
    path("events/", EventsView.as_view(), name="events"),
    path(
        "tickets/<id:ticket_id>/comments/",
        TicketCommentViewSet.as_view({"get": "list", "post": "create"}),
        name="ticket-comments",
    ),
    path(
        "tickets/<id:ticket_id>/comments/<id:pk>/",
        TicketCommentViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}, detail=True),
        name="ticket-comment",
    ),
    path("", include(router.urls)),
]
