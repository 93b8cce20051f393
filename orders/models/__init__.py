"""Broker orders, what was asked of them, and what the broker said, one subject a file."""

from orders.models.commands import CommandType, OrderCommand, OrderInquiry
from orders.models.connections import KisAccount, KisConnection, KisToken, RequestPace, StreamLease
from orders.models.notices import Notice, NoticeFrame, NoticeState
from orders.models.orders import Fill, FillSource, Order, OrderEventRecord, OrderNumber, Origin
from orders.models.recoveries import Recovery, RecoveryReason

__all__ = [
    "CommandType",
    "Fill",
    "FillSource",
    "KisAccount",
    "KisConnection",
    "KisToken",
    "Notice",
    "NoticeFrame",
    "NoticeState",
    "Order",
    "OrderCommand",
    "OrderEventRecord",
    "OrderInquiry",
    "OrderNumber",
    "Origin",
    "Recovery",
    "RecoveryReason",
    "RequestPace",
    "StreamLease",
]
