"""The REST side of KIS: inquiries by pages, and orders sent once."""

from orders.kis.client.config import KisConfig, new_session
from orders.kis.client.inquiries import Inquiry, balance_questions
from orders.kis.client.kis_client import KisClient, Ports
from orders.kis.client.once import Limits, post_once
from orders.kis.revisions import OrderRequest

__all__ = [
    "Inquiry",
    "KisClient",
    "KisConfig",
    "Limits",
    "OrderRequest",
    "Ports",
    "balance_questions",
    "new_session",
    "post_once",
]
