"""Modify and cancel for every market of KIS: one table, and the requests that it makes."""

from orders.kis.revisions.facts import OrderRequest, RevisionFacts
from orders.kis.revisions.table import OFFERED, TABLE, Revision, offer, request

__all__ = ["OFFERED", "TABLE", "OrderRequest", "Revision", "RevisionFacts", "offer", "request"]
