"""Publish in the transaction, sequence and dispatch right after it, sweep what was left."""

from helpdesk.events.operations.publishing import publish, publish_all
from helpdesk.events.operations.sequencing import sequence
from helpdesk.events.operations.sweeping import retry_parked, sweep

__all__ = ["publish", "publish_all", "retry_parked", "sequence", "sweep"]
