"""KIS JSON into frozen values. Vendor field names end here."""

from orders.kis.schemas.answers import ErrorAnswer, Token, parse_approval_key, parse_error, parse_token
from orders.kis.schemas.balances import (
    BalancePage,
    DerivativesTotals,
    OverseasTotals,
    Position,
    derivatives_page,
    overseas_page,
)
from orders.kis.schemas.futures import day_order, night_order
from orders.kis.schemas.overseas import open_order, overseas_order
from orders.kis.schemas.reserved import reservation
from orders.kis.schemas.revisable import Revisable, RevisablePage, revisable_page
from orders.kis.schemas.rows import Account, BadRow, ReadRow, ReportPage, Sessions, read_rows
from orders.kis.schemas.stocks import stock_order

__all__ = [
    "Account",
    "BadRow",
    "BalancePage",
    "DerivativesTotals",
    "ErrorAnswer",
    "OverseasTotals",
    "Position",
    "ReadRow",
    "ReportPage",
    "Revisable",
    "RevisablePage",
    "Sessions",
    "Token",
    "day_order",
    "derivatives_page",
    "night_order",
    "open_order",
    "overseas_order",
    "overseas_page",
    "parse_approval_key",
    "parse_error",
    "parse_token",
    "read_rows",
    "reservation",
    "revisable_page",
    "stock_order",
]
