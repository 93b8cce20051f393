"""From a query to the tree of its answer: fields checked, rows found, one page of them cut out."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts.koscom.simulator import rows
from accounts.koscom.simulator.dialects import Firm
from accounts.koscom.simulator.rows import Row
from accounts.koscom.simulator.world import SimAccount, World

Tree = dict[str, object]
_REQUEST_BODIES = {
    "accountlist": "accountListRequestBody",
    "balancelist": "balanceListRequestBody",
    "settlelist": "settleListRequestBody",
    "tradebook": "tradeBookListRequestBody",
    "orderdetail": "orderDetailListRequestBody",
}
_BLOCKS = {
    "accountlist": ("accountList", "account"),
    "balancelist": ("balanceList", "balance"),
    "settlelist": ("settleList", "settleInfo"),
    "tradebook": ("tradeBookList", "tradeBook"),
    "orderdetail": ("orderDetailList", "orderDetail"),
}
_REQUIRED = {
    "accountlist": (),
    "balancelist": ("qrAccNo", "qrAssetType"),
    "settlelist": ("qrAccNo", "qrAssetType", "qrSellBuyType"),
    "tradebook": ("qrAccNo", "qrFromDate", "qrToDate"),
    "orderdetail": ("qrAccNo", "qrAssetType", "qrSellBuyType"),
}
_KINDS = ("EQTY", "FUND", "ETC")
_KEY_DIGITS = 10


class Refusal(Exception):
    """An error answer in the vendor's shape."""

    def __init__(self, status: int, code: int, message: str, category: str = "op-exco") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.category = category


@dataclass(frozen=True, slots=True)
class Query:
    """A request's query parameters, as sent."""

    api: str
    request_id: str
    parameters: dict[str, object]

    def text(self, name: str) -> str:
        """Give a parameter; null, "null" and absent are empty."""
        value = self.parameters.get(name)
        return "" if value in (None, "null") else str(value)

    @property
    def account(self) -> str:
        return self.text("qrAccNo")

    def day(self, name: str, default: date) -> date:
        """Give a date parameter; empty means `default`."""
        text = self.text(name)
        try:
            return datetime.strptime(text, "%Y%m%d").date() if text else default  # noqa: DTZ007 - a date, no time
        except ValueError:
            raise Refusal(500, 7000, f"Bad Request, {name}") from None


def read_query(api: str, body: bytes, com_id: str) -> Query:
    """Read a request; Refusal 3003 for what is missing, 401 for a `comId` that is not the header's."""
    try:
        tree = json.loads(body)
        partner, header = tree["partner"], tree["commonHeader"]
        parameters = tree[_REQUEST_BODIES[api]]["queryParameter"]
        request_id, partner_id = str(header["reqIdConsumer"]), partner["comId"]
        missing = [name for name in (*_REQUIRED[api], "count", "page") if name not in parameters]
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(500, 3011, f"JSON Parsing Error {error}") from None
    if missing or not partner["srvId"]:
        raise Refusal(400, 3003, f"필수 항목 누락 {', '.join(missing)}")
    if not com_id or partner_id != com_id:
        raise Refusal(401, 401, "Unauthorized", "op-apim")
    return Query(api, request_id, parameters)


def reply(world: World, firm: Firm, query: Query, now: datetime) -> Tree:
    """Answer a query as of the latest trading day that has passed 16:00 KST at `now`."""
    as_of = world.days.calendar.business_date(now)
    found, extra = _FINDERS[query.api](world, firm, query, as_of)
    page, key = _cut(found, firm, query)
    block = _block(world, firm, query, page, extra if not query.text("page") else [])
    return _envelope(firm, query, block, key, len(found))


def _accounts(world: World, firm: Firm, _query: Query, _as_of: date) -> tuple[list[Row], list[Row]]:
    return [rows.account_row(account) for account in world.accounts[firm.short_name]], []


def _balances(world: World, firm: Firm, query: Query, as_of: date) -> tuple[list[Row], list[Row]]:
    account, kinds = _account(world, firm, query), _kinds(firm, query)
    if account.status != "0":
        return [], []
    index = world.days.index(as_of)
    has_cash = "EQTY" in kinds or firm.dialect.cash_in_every_type
    cash = rows.cash_rows(world, account, index) if has_cash else []
    return rows.holding_rows(world, account, index, kinds), cash


def _settlements(world: World, firm: Firm, query: Query, as_of: date) -> tuple[list[Row], list[Row]]:
    account, kinds = _account(world, firm, query), _kinds(firm, query)
    day = query.day("qrOrderDate", as_of)
    # The service covers the trades of yesterday and today that are not settled yet.
    if account.status != "0" or day not in (as_of, world.days.calendar.previous(as_of)):
        return [], []
    side = {"1": "BID", "2": "ASK"}.get(query.text("qrSellBuyType"))
    found = [entry for entry in account.book.entries(day, day) if entry.settles and side in (None, entry.type)]
    return [
        rows.settlement_row(account, entry) for entry in found if entry.instrument and entry.instrument.kind in kinds
    ], []


def _trades(world: World, firm: Firm, query: Query, as_of: date) -> tuple[list[Row], list[Row]]:
    account = _account(world, firm, query)
    start, end = query.day("qrFromDate", as_of), query.day("qrToDate", as_of)
    if end - start > timedelta(days=firm.dialect.max_days - 1):
        raise Refusal(500, 6006, f"Date Range Exceeded, {firm.dialect.max_days}", firm.name)
    if account.status != "0":
        return [], []
    entries = account.book.entries(start, min(end, as_of))
    return [rows.trade_row(account, entry) for entry in entries], []


def _orders(world: World, firm: Firm, query: Query, as_of: date) -> tuple[list[Row], list[Row]]:
    account, kinds = _account(world, firm, query), _kinds(firm, query)
    day = query.day("qrOrderDate", as_of)
    side = {"1": True, "2": False}.get(query.text("qrSellBuyType"))
    orders = account.book.orders(day) if day <= as_of and account.status == "0" else []
    found = [
        rows.order_row(account, order)
        for order in orders
        if order.instrument.kind in kinds and side in (None, order.sell)
    ]
    if not found and firm.dialect.dummy_order_row:
        return [], [rows.dummy_order_row(account)]
    return found, []


_FINDERS = {
    "accountlist": _accounts,
    "balancelist": _balances,
    "settlelist": _settlements,
    "tradebook": _trades,
    "orderdetail": _orders,
}


def _account(world: World, firm: Firm, query: Query) -> SimAccount:
    account = world.find(firm, query.account)
    if account is None:
        raise Refusal(500, 3012, "Unknown Account", firm.name)
    return account


def _kinds(firm: Firm, query: Query) -> tuple[str, ...]:
    kind = query.text("qrAssetType")
    if kind == "ALL" and firm.dialect.has_all:
        return _KINDS
    if kind not in _KINDS:
        raise Refusal(500, 6001, "Unsupported Asset Type", firm.name)
    return (kind,)


def _cut(found: list[Row], firm: Firm, query: Query) -> tuple[list[Row], str | None]:
    """Cut out the asked page; the key is opaque to the caller: today's digits and the number of the first row."""
    if query.text("qrAssetType") == "ALL":
        return found, None
    key = query.text("page")
    offset = int(key[-_KEY_DIGITS:]) if key.isascii() and key.isdigit() and len(key) == 8 + _KEY_DIGITS else 0
    if key and not 0 < offset < len(found):
        raise Refusal(500, 6003, "Invalid Page Value", firm.name)
    asked = query.text("count")
    size = min(firm.dialect.row_count, int(asked) or firm.dialect.row_count) if asked.isdigit() else 1
    last = offset + size
    return found[offset:last], f"20160310{last:0{_KEY_DIGITS}d}" if last < len(found) else None


def _block(world: World, firm: Firm, query: Query, page: list[Row], extra: list[Row]) -> Tree:
    if query.api == "balancelist":
        return _balance_block(_account(world, firm, query), page, extra)
    return {_BLOCKS[query.api][1]: page + extra}


def _envelope(firm: Firm, query: Query, block: Tree, key: str | None, total: int) -> Tree:
    list_name, _row_name = _BLOCKS[query.api]
    body_name = f"{list_name}ResponseBody"
    return {
        "commonHeader": {
            "reqIdPlatform": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{firm.short_name}/{query.request_id}")),
            "reqIdConsumer": query.request_id,
            "certDn": None,
            "ci": None,
        },
        "resp": {"respCode": "200", "respMsg": "OK"},
        body_name: {
            "queryParameter": query.parameters,
            "queryResult": {"totalCnt": Decimal(total), "count": Decimal(0), "page": key or firm.dialect.end_key},
        },
        list_name: block,
    }


def _balance_block(account: SimAccount, page: list[Row], cash: list[Row]) -> Tree:
    firm = account.firm
    owner: Tree = {"accNo": account.number, "accName": account.holder}
    block: Tree = {firm.dialect.cash_name: cash, "securitiesBalInfo": page}
    if firm.dialect.has_balance_level:
        return {"balance": [{"accInfo": owner, **block}]}
    return {"accInfo": [owner], **block}


def without_rows(tree: Tree, api: str) -> Tree:
    """Give a complete answer with every row gone, the cash too."""
    return {**with_page_key(tree, api, None), _BLOCKS[api][0]: {_BLOCKS[api][1]: []}}


def with_page_key(tree: Tree, api: str, key: str | None) -> Tree:
    """Give the same answer with another page key."""
    return {**tree, f"{_BLOCKS[api][0]}ResponseBody": {"queryResult": {"totalCnt": 0, "count": 0, "page": key}}}


def with_foreign_numbers(tree: Tree) -> Tree:
    """Give the same answer with another account's number in every row."""
    text = json.dumps(tree, default=str)
    parsed: Tree = json.loads(text, object_hook=_foreign)
    return parsed


def _foreign(node: Tree) -> Tree:
    return {**node, "accNo": "001-01-992323232"} if "accNo" in node else node
