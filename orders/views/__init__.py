"""The order pages, one subject a file."""

from orders.views.balances import refresh_balance
from orders.views.batches import batch, batch_outcomes, cancel_selected
from orders.views.blotter import blotter, feed, sessions, unresolved
from orders.views.dialogs import cancel, modify
from orders.views.switches import (
    switch_ask_release,
    switch_list,
    switch_new,
    switch_page,
    switch_release,
    switch_rest,
)
from orders.views.timeline import evidence_csv, evidence_json, timeline

__all__ = [
    "batch",
    "batch_outcomes",
    "blotter",
    "cancel",
    "cancel_selected",
    "evidence_csv",
    "evidence_json",
    "feed",
    "modify",
    "refresh_balance",
    "sessions",
    "switch_ask_release",
    "switch_list",
    "switch_new",
    "switch_page",
    "switch_release",
    "switch_rest",
    "timeline",
    "unresolved",
]
