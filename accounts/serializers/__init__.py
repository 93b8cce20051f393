"""Rows as the REST API, the pages and the live stream give them: one function a row, one shape everywhere."""

from accounts.serializers.accounts import Expectation, account_detail, account_row, account_rows, freshness_of
from accounts.serializers.records import (
    balance_body,
    cash_row,
    execution_row,
    holding_row,
    order_detail_row,
    settlement_row,
    trade_row,
)
from accounts.serializers.sync import coverage_rows, last_syncs, run_row, run_rows, step_row
from accounts.serializers.twins import twin_body
from accounts.serializers.values import day, moment, plain

__all__ = [
    "Expectation",
    "account_detail",
    "account_row",
    "account_rows",
    "balance_body",
    "cash_row",
    "coverage_rows",
    "day",
    "execution_row",
    "freshness_of",
    "holding_row",
    "last_syncs",
    "moment",
    "order_detail_row",
    "plain",
    "run_row",
    "run_rows",
    "settlement_row",
    "step_row",
    "trade_row",
    "twin_body",
]
