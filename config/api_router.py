"""Every REST resource on one screen."""

from django.urls import URLPattern, URLResolver, include, path

from helpdesk.accounts.api.password_change import PasswordChangeView
from helpdesk.accounts.api.password_links import ConfirmResetView, ResetView
from helpdesk.accounts.api.registration import RegisterView, ResendVerificationView, VerifyEmailView
from helpdesk.accounts.api.sessions import LogoutAllView, LogoutView, SessionViewSet, SocketTicketView
from helpdesk.accounts.api.social import (
    FacebookLinkView,
    FacebookView,
    GoogleLinkView,
    GoogleView,
    IdentitiesView,
    IdentityView,
)
from helpdesk.accounts.api.tokens import RefreshView, TokenView, VerifyView
from helpdesk.accounts.api.users import MeView, UserViewSet
from helpdesk.api.routing import Router
from helpdesk.chat.api.attachments import ChatAttachmentViewSet
from helpdesk.chat.api.conversations import ContactViewSet, ConversationViewSet, UnreadView
from helpdesk.chat.api.messages import MessageViewSet, ReadViewSet, SendFileViewSet
from helpdesk.events.api.views import EventsView
from helpdesk.realtime.api.presence import PresenceView
from helpdesk.tickets.api.assignment import AssignmentViewSet, WorkloadViewSet
from helpdesk.tickets.api.attachments import AttachmentViewSet, TicketAttachmentViewSet
from helpdesk.tickets.api.bulk import BulkView
from helpdesk.tickets.api.catalog import CategoryViewSet, TagViewSet, TeamViewSet
from helpdesk.tickets.api.comments import CommentViewSet, TicketCommentViewSet
from helpdesk.tickets.api.drafts import DraftView
from helpdesk.tickets.api.links import LinkViewSet
from helpdesk.tickets.api.merges import MergeViewSet, SplitViewSet
from helpdesk.tickets.api.tickets import TicketViewSet

router = Router()
router.register("auth/sessions", SessionViewSet, basename="sessions")
router.register("users", UserViewSet, basename="users")
router.register("tickets", TicketViewSet, basename="tickets")
router.register("comments", CommentViewSet, basename="comments")
router.register("categories", CategoryViewSet, basename="categories")
router.register("tags", TagViewSet, basename="tags")
router.register("teams", TeamViewSet, basename="teams")
router.register("attachments", AttachmentViewSet, basename="attachments")
router.register("chat/contacts", ContactViewSet, basename="chat-contacts")
router.register("chat/conversations", ConversationViewSet, basename="chat-conversations")
router.register("chat/attachments", ChatAttachmentViewSet, basename="chat-attachments")

urlpatterns: list[URLPattern | URLResolver] = [
    path("auth/token/", TokenView.as_view(), name="token"),
    path("auth/token/refresh/", RefreshView.as_view(), name="token-refresh"),
    path("auth/token/verify/", VerifyView.as_view(), name="token-verify"),
    path("auth/logout/", LogoutView.as_view(), name="logout"),
    path("auth/logout-all/", LogoutAllView.as_view(), name="logout-all"),
    path("auth/password/change/", PasswordChangeView.as_view(), name="password-change"),
    path("auth/ws-ticket/", SocketTicketView.as_view(), name="ws-ticket"),
    path("auth/google/", GoogleView.as_view(), name="google"),
    path("auth/google/link/", GoogleLinkView.as_view(), name="google-link"),
    path("auth/facebook/", FacebookView.as_view(), name="facebook"),
    path("auth/facebook/link/", FacebookLinkView.as_view(), name="facebook-link"),
    path("auth/identities/", IdentitiesView.as_view({"get": "list"}), name="identities"),
    path("auth/identities/<provider>/", IdentityView.as_view(), name="identity"),
    path("auth/register/", RegisterView.as_view(), name="register"),
    path("auth/email/verify/", VerifyEmailView.as_view(), name="email-verify"),
    path("auth/email/verify/resend/", ResendVerificationView.as_view(), name="email-verify-resend"),
    path("auth/password/reset/", ResetView.as_view(), name="password-reset"),
    path("auth/password/reset/confirm/", ConfirmResetView.as_view(), name="password-reset-confirm"),
    path("users/me/", MeView.as_view(), name="me"),
    # Before the router: its ids would read "bulk" as the id of no ticket.
    path("tickets/bulk/", BulkView.as_view(), name="tickets-bulk"),
    path("events/", EventsView.as_view(), name="events"),
    path("presence/", PresenceView.as_view(), name="presence"),
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
    path("tickets/<id:ticket_id>/draft/", DraftView.as_view(), name="ticket-draft"),
    path("tickets/<id:pk>/assign/", AssignmentViewSet.as_view({"post": "assign"}, detail=True), name="assign"),
    path("tickets/<id:pk>/unassign/", AssignmentViewSet.as_view({"post": "unassign"}, detail=True), name="unassign"),
    path(
        "tickets/<id:pk>/assignment/explain/",
        AssignmentViewSet.as_view({"get": "explain"}, detail=True),
        name="assignment-explain",
    ),
    path(
        "users/<id:pk>/workload/",
        WorkloadViewSet.as_view({"get": "retrieve", "patch": "partial_update"}, detail=True),
        name="workload",
    ),
    path(
        "tickets/<id:ticket_id>/comments/<id:pk>/split/",
        SplitViewSet.as_view({"post": "split"}, detail=True),
        name="ticket-comment-split",
    ),
    path(
        "tickets/<id:ticket_id>/links/",
        LinkViewSet.as_view({"get": "list", "post": "create"}, detail=True),
        name="ticket-links",
    ),
    path(
        "tickets/<id:ticket_id>/links/<id:pk>/",
        LinkViewSet.as_view({"delete": "destroy"}, detail=True),
        name="ticket-link",
    ),
    path("tickets/<id:pk>/merge/", MergeViewSet.as_view({"post": "merge"}, detail=True), name="ticket-merge"),
    path("tickets/<id:pk>/unmerge/", MergeViewSet.as_view({"post": "unmerge"}, detail=True), name="ticket-unmerge"),
    path(
        "tickets/<id:ticket_id>/attachments/",
        TicketAttachmentViewSet.as_view({"post": "create"}),
        name="ticket-attachments",
    ),
    path("chat/unread/", UnreadView.as_view(), name="chat-unread"),
    path(
        "chat/conversations/<id:conversation_id>/messages/",
        MessageViewSet.as_view({"get": "list", "post": "create"}),
        name="chat-messages",
    ),
    path(
        "chat/conversations/<id:conversation_id>/attachments/",
        SendFileViewSet.as_view({"post": "create"}),
        name="chat-send-file",
    ),
    path(
        "chat/conversations/<id:conversation_id>/read/",
        ReadViewSet.as_view({"post": "create"}),
        name="chat-read",
    ),
    path("", include(router.urls)),
]
