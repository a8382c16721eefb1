"""Publish in the transaction, sequence and dispatch right after it, sweep what was left."""

from helpdesk.events.operations.dispatching import dispatch
from helpdesk.events.operations.publishing import publish
from helpdesk.events.operations.sequencing import sequence
from helpdesk.events.operations.sweeping import retry_parked, sweep

__all__ = ["dispatch", "publish", "retry_parked", "sequence", "sweep"]
