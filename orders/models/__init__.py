"""Broker orders, what was asked of them, and what the broker said, one subject a file."""

from orders.models.batches import BatchKind, BatchRow, CommandBatch, RowState
from orders.models.calendars import MarketDay, MarketHours, MarketSuspension
from orders.models.commands import CommandType, OrderCommand, OrderInquiry
from orders.models.connections import KisAccount, KisConnection, KisToken, RequestPace, StreamLease
from orders.models.notices import Notice, NoticeFrame, NoticeState
from orders.models.orders import Fill, FillSource, Order, OrderEventRecord, OrderNumber, Origin
from orders.models.recoveries import Recovery, RecoveryReason
from orders.models.switches import (
    MarketGroup,
    Rehearsal,
    RehearsalSchedule,
    Switch,
    SwitchKind,
    SwitchLevel,
    SwitchScope,
)

__all__ = [
    "BatchKind",
    "BatchRow",
    "CommandBatch",
    "CommandType",
    "Fill",
    "FillSource",
    "KisAccount",
    "KisConnection",
    "KisToken",
    "MarketDay",
    "MarketGroup",
    "MarketHours",
    "MarketSuspension",
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
    "Rehearsal",
    "RehearsalSchedule",
    "RequestPace",
    "RowState",
    "StreamLease",
    "Switch",
    "SwitchKind",
    "SwitchLevel",
    "SwitchScope",
]
