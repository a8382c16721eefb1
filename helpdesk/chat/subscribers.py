"""What is said is heard at once: the sockets' hubs are woken."""

from helpdesk.chat.events import MessageSent, MessagesRead
from helpdesk.events.subscriptions import subscribe
from helpdesk.realtime import push

subscribe(MessageSent, MessagesRead, name="realtime.push")(push.wake)
