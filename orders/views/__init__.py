"""The order pages, one subject a file."""

from orders.views.balances import refresh_balance
from orders.views.batches import batch, batch_outcomes, cancel_selected
from orders.views.blotter import blotter, sessions, unresolved
from orders.views.dialogs import cancel, modify
from orders.views.timeline import evidence_csv, evidence_json, timeline

__all__ = [
    "batch",
    "batch_outcomes",
    "blotter",
    "cancel",
    "cancel_selected",
    "evidence_csv",
    "evidence_json",
    "modify",
    "refresh_balance",
    "sessions",
    "timeline",
    "unresolved",
]
