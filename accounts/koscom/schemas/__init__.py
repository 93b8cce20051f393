"""Wire JSON <-> frozen typed values; Koscom's field names end here."""

from accounts.koscom.schemas.accounts import parse_accounts
from accounts.koscom.schemas.balances import parse_balances
from accounts.koscom.schemas.envelope import Asked
from accounts.koscom.schemas.orders import parse_orders
from accounts.koscom.schemas.settlements import parse_settlements
from accounts.koscom.schemas.times import KST, read_time
from accounts.koscom.schemas.trades import parse_trades
from accounts.koscom.schemas.values import (
    Account,
    AccountPage,
    BalancePage,
    CashRow,
    CostLine,
    Execution,
    ForeignRow,
    Holding,
    Instrument,
    InstrumentCode,
    OrderDetail,
    OrderPage,
    PageInfo,
    Settlement,
    SettlementPage,
    Trade,
    TradePage,
)

__all__ = [
    "KST",
    "Account",
    "AccountPage",
    "Asked",
    "BalancePage",
    "CashRow",
    "CostLine",
    "Execution",
    "ForeignRow",
    "Holding",
    "Instrument",
    "InstrumentCode",
    "OrderDetail",
    "OrderPage",
    "PageInfo",
    "Settlement",
    "SettlementPage",
    "Trade",
    "TradePage",
    "parse_accounts",
    "parse_balances",
    "parse_orders",
    "parse_settlements",
    "parse_trades",
    "read_time",
]
