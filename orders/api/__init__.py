"""The REST API of orders, their commands and the notice journal, one subject a file."""

from orders.api.batches import BatchDetail, CancelSelected
from orders.api.commands import CancelOrder, CommandDetail, ModifyOrder
from orders.api.inquire import InquireOrder
from orders.api.notices import NoticeList
from orders.api.orders import OrderDetail, OrderEventList, OrderList
from orders.api.recoveries import RecoveryList
from orders.api.switches import Release, ReleaseRequest, SwitchDetail, SwitchList, SwitchPreview, SwitchRest

__all__ = [
    "BatchDetail",
    "CancelOrder",
    "CancelSelected",
    "CommandDetail",
    "InquireOrder",
    "ModifyOrder",
    "NoticeList",
    "OrderDetail",
    "OrderEventList",
    "OrderList",
    "RecoveryList",
    "Release",
    "ReleaseRequest",
    "SwitchDetail",
    "SwitchList",
    "SwitchPreview",
    "SwitchRest",
]
