"""The order pages, one subject a file."""

from orders.views.blotter import blotter, sessions, unresolved
from orders.views.dialogs import cancel, modify
from orders.views.timeline import evidence_csv, evidence_json, timeline

__all__ = ["blotter", "cancel", "evidence_csv", "evidence_json", "modify", "sessions", "timeline", "unresolved"]
