"""KoscomClient: the five b2baccount queries (일임매매 서비스), each an iterator of typed pages.

Source: Koscom developer manual, `api/b2baccount.md`, `authentication/basic.md`, `rate-limiting.md`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeVar

import requests

from accounts.koscom.answers import Tree, open_answer
from accounts.koscom.errors import NoAnswerError, PagingError
from accounts.koscom.schemas import (
    AccountPage,
    Asked,
    BalancePage,
    OrderPage,
    PageInfo,
    SettlementPage,
    TradePage,
    parse_accounts,
    parse_balances,
    parse_orders,
    parse_settlements,
    parse_trades,
)
from accounts.koscom.transport import WindowGuard

ALL_ASSETS = "ALL"
BOTH_SIDES = "0"


class Api(StrEnum):
    """The five queries, by their path segment."""

    ACCOUNTS = "accountlist"
    BALANCES = "balancelist"
    SETTLEMENTS = "settlelist"
    TRADES = "tradebook"
    ORDERS = "orderdetail"


_REQUEST_BODIES = {
    Api.ACCOUNTS: "accountListRequestBody",
    Api.BALANCES: "balanceListRequestBody",
    Api.SETTLEMENTS: "settleListRequestBody",
    Api.TRADES: "tradeBookListRequestBody",
    Api.ORDERS: "orderDetailListRequestBody",
}


@dataclass(frozen=True, slots=True)
class KoscomConfig:
    """One securities firm behind the platform. `base_url` ends with the version (https://host/v1); seconds."""

    base_url: str
    short_name: str
    com_id: str
    srv_id: str
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    connect_timeout: float = 3.0
    read_timeout: float = 15.0
    page_cap: int = 500
    body_cap: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RawPage:
    """One answer as it came. `query_digest` is the same for the same question, whatever its request id."""

    api: Api
    sequence: int
    request_id: str
    query_digest: str
    status: int
    body: bytes = field(repr=False)
    received_at: datetime
    quota_remaining: int | None


class _Page(Protocol):
    @property
    def info(self) -> PageInfo: ...


OnPage = Callable[[RawPage], None]
_AnyPage = TypeVar("_AnyPage", bound=_Page)


def ignore_page(_page: RawPage) -> None:
    """Keep nothing."""


class KoscomClient:
    """Asks one firm. Every method yields pages until the firm's key ends them.

    Each raw answer goes to `on_page` before it is read, so that one that cannot be read is kept too. Raises the tree of
    `accounts.koscom.errors`; nothing is retried here: the reaction is the caller's.

    `session` comes from `transport.new_session(guard)`; `guard` is asked before each page as well. `clock` gives aware
    times for `received_at`.
    """

    def __init__(
        self,
        config: KoscomConfig,
        session: requests.Session,
        *,
        guard: WindowGuard,
        new_request_id: Callable[[], str],
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._session = session
        self._guard = guard
        self._new_request_id = new_request_id
        self._clock = clock

    def accounts(self, *, on_page: OnPage = ignore_page) -> Iterator[AccountPage]:
        """일임설정 계좌: every contract, terminated and expired ones too."""
        return self._pages(Api.ACCOUNTS, {}, parse_accounts, on_page)

    def balances(
        self, account_number: str, asset_type: str, *, aliases: tuple[str, ...] = (), on_page: OnPage = ignore_page
    ) -> Iterator[BalancePage]:
        """계좌잔고 of one account and asset type (EQTY, FUND, ETC; ALL where the firm supports it).

        `aliases` are other numbers that the account's rows may bear (its real one, when asked by the virtual one).
        """
        asked = Asked(account_number, aliases)
        query = {"qrAccNo": account_number, "qrAssetType": asset_type}
        return self._pages(Api.BALANCES, query, lambda tree: parse_balances(tree, asked), on_page)

    def settlements(
        self,
        account_number: str,
        asset_type: str,
        order_date: date | None,
        *,
        aliases: tuple[str, ...] = (),
        on_page: OnPage = ignore_page,
    ) -> Iterator[SettlementPage]:
        """결제예정 of the orders of a day that is not settled yet; None is today."""
        asked = Asked(account_number, aliases)
        query = {
            "qrAssetType": asset_type,
            "qrSellBuyType": BOTH_SIDES,
            "qrAccNo": account_number,
            "qrOrderDate": _day(order_date) if order_date else "",
            "qrIsinCode": None,
        }
        return self._pages(Api.SETTLEMENTS, query, lambda tree: parse_settlements(tree, asked), on_page)

    def trades(
        self,
        account_number: str,
        start: date,
        end: date,
        *,
        aliases: tuple[str, ...] = (),
        on_page: OnPage = ignore_page,
    ) -> Iterator[TradePage]:
        """거래내역 from `start` to `end`, both included; a span that is too long for the firm is a 6006."""
        asked = Asked(account_number, aliases)
        query = {"qrAccNo": account_number, "qrFromDate": _day(start), "qrToDate": _day(end)}
        return self._pages(Api.TRADES, query, lambda tree: parse_trades(tree, asked), on_page)

    def orders(
        self,
        account_number: str,
        asset_type: str,
        order_date: date,
        *,
        aliases: tuple[str, ...] = (),
        on_page: OnPage = ignore_page,
    ) -> Iterator[OrderPage]:
        """주문체결 of one day."""
        asked = Asked(account_number, aliases)
        query = {
            "qrAssetType": asset_type,
            "qrSellBuyType": BOTH_SIDES,
            "qrAccNo": account_number,
            "qrOrderDate": _day(order_date),
            "qrIsinCode": None,
            "qrOrderNo": None,
        }
        return self._pages(Api.ORDERS, query, lambda tree: parse_orders(tree, asked, order_date), on_page)

    def _pages(
        self, api: Api, query: Mapping[str, str | None], parse: Callable[[Tree], _AnyPage], on_page: OnPage
    ) -> Iterator[_AnyPage]:
        key: str | None = None
        seen: set[str] = set()
        for sequence in range(1, self._config.page_cap + 1):
            raw = self._ask(api, query, key, sequence)
            on_page(raw)
            page = parse(open_answer(raw.status, raw.body))
            # ALL is answered without paging; count and page mean nothing then (Koscom account service).
            key = None if query.get("qrAssetType") == ALL_ASSETS else page.info.next_key
            if key in seen:
                raise PagingError(f"the page key of page {sequence} was there before")
            yield page
            if key is None:
                return
            seen.add(key)
        raise PagingError(f"more than {self._config.page_cap} pages")

    def _ask(self, api: Api, query: Mapping[str, str | None], key: str | None, sequence: int) -> RawPage:
        self._guard()
        request_id = self._new_request_id()
        status, headers, body = self._post(api, self._request_body(api, {**query, "count": 0, "page": key}, request_id))
        return RawPage(
            api=api,
            sequence=sequence,
            request_id=request_id,
            query_digest=_digest(self._config.short_name, api, query),
            status=status,
            body=body,
            received_at=self._clock(),
            quota_remaining=_quota(headers),
        )

    def _request_body(self, api: Api, query: Mapping[str, str | int | None], request_id: str) -> bytes:
        envelope = {
            "partner": {"comId": self._config.com_id, "srvId": self._config.srv_id},
            "commonHeader": {"reqIdConsumer": request_id},
            _REQUEST_BODIES[api]: {"queryParameter": query},
        }
        return json.dumps(envelope, ensure_ascii=False).encode()

    def _post(self, api: Api, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        config = self._config
        # No slash at the end: the gateway's routes have none.
        url = f"{config.base_url.rstrip('/')}/{config.short_name}/b2baccount/{api}/search"
        try:
            with self._session.post(
                url,
                data=body,
                headers=self._headers(),
                timeout=(config.connect_timeout, config.read_timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                return response.status_code, response.headers, self._read(response)
        except (requests.RequestException, OSError) as error:
            raise NoAnswerError(f"{config.short_name} {api}: {type(error).__name__}") from error

    def _headers(self) -> dict[str, str]:
        pair = f"{self._config.api_key}:{self._config.api_secret}".encode()
        return {
            "Authorization": f"Basic {base64.b64encode(pair).decode()}",
            "comId": self._config.com_id,
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }

    def _read(self, response: requests.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_content(64 * 1024):
            size += len(part)
            if size > self._config.body_cap:
                raise NoAnswerError(f"an answer of more than {self._config.body_cap} bytes")
            parts.append(part)
        return b"".join(parts)


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _digest(short_name: str, api: Api, query: Mapping[str, str | None]) -> str:
    text = json.dumps([short_name, api, query], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _quota(headers: Mapping[str, str]) -> int | None:
    text = headers.get("X-RateLimit-Remaining-Day", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
