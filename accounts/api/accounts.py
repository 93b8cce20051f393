"""`accounts/` and what lies under an account."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import clock, records, serializers
from accounts.api import schema
from accounts.api.door import ReadView, account_of, choice_of, date_of, flag_of, user_of, viewed
from accounts.models import ContractStatus, OrderDetail, Settlement, Trade
from accounts.pagination import paged


class AccountList(ReadView):
    """The accounts that the asker may see."""

    @extend_schema(
        operation_id="accounts_list",
        responses=schema.page_of(schema.Account),
        parameters=[schema.text("search"), schema.text("broker"), schema.one_of("status", ContractStatus.values)],
    )
    def get(self, request: Request) -> Response:
        asked = records.AccountQuery(
            search=request.query_params.get("search", "").strip(),
            broker=request.query_params.get("broker", "").strip(),
            status=choice_of(request, "status", ContractStatus.values) or "",
        )
        return paged(self, records.accounts(user_of(request), asked), ("id",), serializers.account_rows)


class AccountDetail(ReadView):
    @extend_schema(responses=schema.AccountDetail)
    def get(self, request: Request, pk: int) -> Response:
        account = account_of(request, pk)
        viewed(request, account, "account")
        return Response(serializers.account_detail(account))


class BalanceDetail(ReadView):
    """The newest balance, or the one that held on a day."""

    @extend_schema(responses=schema.Balance, parameters=[schema.day("date")])
    def get(self, request: Request, pk: int) -> Response:
        account, day = account_of(request, pk), date_of(request, "date")
        viewed(request, account, "balance")
        return Response(serializers.balance_body(records.balance(account, day)))


class SettlementList(ReadView):
    """What settles today (Korean date) or later; with `all=true` everything."""

    @extend_schema(
        operation_id="settlements_list", responses=schema.page_of(schema.Settlement), parameters=[schema.flag("all")]
    )
    def get(self, request: Request, pk: int) -> Response:
        account = account_of(request, pk)
        since = None if flag_of(request, "all") else clock.today().date()
        viewed(request, account, "settlements")
        return paged(self, records.settlements(account, since), ("settles", "id"), _settlement_rows)


class TradeList(ReadView):
    """The trade book, newest first."""

    @extend_schema(
        operation_id="trades_list",
        responses=schema.page_of(schema.Trade),
        parameters=[schema.day("from"), schema.day("to")],
    )
    def get(self, request: Request, pk: int) -> Response:
        account, start, end = account_of(request, pk), date_of(request, "from"), date_of(request, "to")
        if start and end and start > end:
            raise ValidationError({"from": _("시작일이 종료일보다 늦습니다.")})
        viewed(request, account, "trades")
        return paged(self, records.trades(account, start, end), ("-date", "position", "id"), _trade_rows)


class OrderDetailList(ReadView):
    """The orders of a day as the firm reported them: of the newest day that it was asked for, or of `date`."""

    @extend_schema(
        operation_id="order_details_list", responses=schema.page_of(schema.OrderDetail), parameters=[schema.day("date")]
    )
    def get(self, request: Request, pk: int) -> Response:
        account, day = account_of(request, pk), date_of(request, "date")
        viewed(request, account, "order-details")
        return paged(self, records.order_details(account, day), ("position", "id"), _order_detail_rows)


def _settlement_rows(rows: list[Settlement]) -> list[dict[str, Any]]:
    return [serializers.settlement_row(row) for row in rows]


def _trade_rows(rows: list[Trade]) -> list[dict[str, Any]]:
    return [serializers.trade_row(row) for row in rows]


def _order_detail_rows(rows: list[OrderDetail]) -> list[dict[str, Any]]:
    return [serializers.order_detail_row(row) for row in rows]
