"""The REST API of orders, their commands and the notice journal, one subject a file."""

from orders.api.commands import CancelOrder, CommandDetail, ModifyOrder
from orders.api.notices import NoticeList
from orders.api.orders import OrderDetail, OrderEventList, OrderList
from orders.api.recoveries import RecoveryList

__all__ = [
    "CancelOrder",
    "CommandDetail",
    "ModifyOrder",
    "NoticeList",
    "OrderDetail",
    "OrderEventList",
    "OrderList",
    "RecoveryList",
]
