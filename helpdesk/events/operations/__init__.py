"""Publish in the transaction, sequence and dispatch right after it, sweep what was left, drop what is long done."""

from helpdesk.events.operations.pruning import prune_receipts
from helpdesk.events.operations.publishing import publish, publish_all
from helpdesk.events.operations.sequencing import sequence
from helpdesk.events.operations.sweeping import retry_parked, sweep

__all__ = ["prune_receipts", "publish", "publish_all", "retry_parked", "sequence", "sweep"]
