from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "helpdesk.chat"
    verbose_name = _("Chat")

    def ready(self) -> None:
        from helpdesk.chat import frames, subscribers  # noqa: F401 - importing it subscribes
        from helpdesk.chat.models import Conversation
        from helpdesk.events.visibility import register_subject
        from helpdesk.realtime.frames import register_frame

        register_subject("conversation", Conversation.objects.visible_to, personal=True)
        register_frame("chat_message", frames.chat_message)
        register_frame("chat_read", frames.chat_read)
        register_frame("typing", frames.typing)
