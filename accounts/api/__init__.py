"""The REST API of accounts and syncs, one subject a file."""

from accounts.api.accounts import (
    AccountDetail,
    AccountList,
    BalanceDetail,
    OrderDetailList,
    SettlementList,
    TradeList,
)
from accounts.api.events import EventList
from accounts.api.sync import CoverageList, RunDetail, RunList

__all__ = [
    "AccountDetail",
    "AccountList",
    "BalanceDetail",
    "CoverageList",
    "EventList",
    "OrderDetailList",
    "RunDetail",
    "RunList",
    "SettlementList",
    "TradeList",
]
