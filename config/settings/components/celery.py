"""Celery carries; PostgreSQL remembers. A lost message is found again by the sweepers."""

from datetime import timedelta

from celery.schedules import crontab

from .env import env, within

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A task that outlives its broker ends in peace: hearing the message again finds its rows done. Cancelled, it would
# leave a mail half said, and say it again.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 240
CELERY_TASK_SOFT_TIME_LIMIT = 200
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# None: a worker waits for its broker for ever, however long the outage.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A task of a killed worker comes back when the longest task would have ended.
    "visibility_timeout": 300,
    # Without these a worker or beat waits for a hung broker for ever. Requests wait shorter: see `enqueue`.
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
}
CELERY_TASK_PUBLISH_RETRY = False
# Mails have a queue and a worker of their own: while a mail server hangs, the events are swept all the same.
CELERY_TASK_ROUTES = {"helpdesk.notifications.tasks.*": {"queue": "mail"}}

# A file that a worker touches while it hears its broker, for health checks; none by default.
WORKER_HEARTBEAT_FILE = env("WORKER_HEARTBEAT_FILE", default="")

# How often what was left undone is looked for: with the time that it takes, it is done within five seconds.
_EVERY = timedelta(seconds=env("SWEEP_SECONDS", cast=within(0.1, 3600, float), default=4))
# A sweep that nobody took is replaced by the next one, not queued behind it.
_REPLACED = {"expires": _EVERY.total_seconds()}
# What is due in days need not be done within five seconds.
_TIMERS = timedelta(seconds=10)
# As many rows as changes of a minute are read in no time.
_TALLIES = timedelta(minutes=1)

CELERY_BEAT_SCHEDULE = {
    "sweep-events": {"task": "helpdesk.events.tasks.sweep", "schedule": _EVERY, "options": _REPLACED},
    # Somebody joined a team, or more waited than one request gives out.
    "share-out-tickets": {"task": "helpdesk.tickets.tasks.share_out", "schedule": _EVERY, "options": _REPLACED},
    "collect-files": {"task": "helpdesk.tickets.tasks.collect_files", "schedule": timedelta(hours=1)},
    "add-up-tallies": {
        "task": "helpdesk.tickets.tasks.add_up_tallies",
        "schedule": _TALLIES,
        "options": {"expires": _TALLIES.total_seconds()},
    },
    "sweep-emails": {"task": "helpdesk.notifications.tasks.sweep", "schedule": _EVERY, "options": _REPLACED},
    "fire-timers": {
        "task": "helpdesk.tickets.tasks.fire_timers",
        "schedule": _TIMERS,
        "options": {"expires": _TIMERS.total_seconds()},
    },
    "remind-of-messages": {
        "task": "helpdesk.chat.tasks.remind",
        "schedule": _TIMERS,
        "options": {"expires": _TIMERS.total_seconds()},
    },
    # When few people work; a night that no worker took is left out.
    "check-history": {
        "task": "helpdesk.tickets.tasks.check_history",
        "schedule": crontab(hour="3", minute="20"),
        "options": {"expires": timedelta(hours=12).total_seconds()},
    },
    "prune-socket-subscriptions": {
        "task": "helpdesk.realtime.tasks.prune_subscriptions",
        "schedule": timedelta(hours=1),
    },
    "prune-idempotency-keys": {"task": "helpdesk.api.tasks.prune_idempotency_keys", "schedule": timedelta(hours=1)},
}
