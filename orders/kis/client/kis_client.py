"""KisClient: one app key's REST calls."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import requests

from orders.kis import codes
from orders.kis.client import inquiries
from orders.kis.client.calls import TIMEOUT, ask, error_in, raise_for_refusal
from orders.kis.client.config import KisConfig
from orders.kis.client.inquiries import Inquiry, OrderList, Params
from orders.kis.client.once import Limits, at_any_time, post_once
from orders.kis.errors import BadAnswerError, KisError, NoAnswerError, NotSentError
from orders.kis.revisions import OrderRequest
from orders.kis.schemas import (
    Account,
    BalancePage,
    DerivativesTotals,
    OverseasTotals,
    ReportPage,
    RevisablePage,
    Sessions,
    derivatives_page,
    overseas_page,
    read_rows,
    revisable_page,
)
from orders.kis.tr_ids import TRS, required_tr_id
from orders.kis.translate import Evidence, NotSent, SendOutcome, Unknown, UnknownReason, read_answer

MAX_PAGES = 100
_BACK_OFF = (0.5, 1.0)  # between the three attempts of a GET; an order has one attempt
_MORE = frozenset({"F", "M"})


@dataclass(frozen=True, slots=True)
class Ports:
    """What the client asks of its surroundings.

    `token()` gives the access token (raises NotSentError when there is none), `forget_token(token)` is told that KIS
    takes it no more, `limiter()` waits for the app key's turn, `new_gt_uid()` gives an id unique to a request.
    """

    token: Callable[[], str]
    forget_token: Callable[[str], None]
    limiter: Callable[[], None]
    new_gt_uid: Callable[[], str]
    sleep: Callable[[float], None] = time.sleep


class KisClient:
    """Inquiries as pages of order reports, orders as outcomes. Holds no state of its own."""

    def __init__(
        self,
        config: KisConfig,
        session: requests.Session,
        ports: Ports,
        sessions: Sessions,
        limits: Limits | None = None,
    ) -> None:
        self._config = config
        self._session = session
        self._ports = ports
        self._sessions = sessions
        self._limits = limits or Limits()

    def reservations(self, account: Account, start: date, end: date) -> Iterator[ReportPage]:
        """US reservations entered from `start` to `end`, Korean days. Live only."""
        params = inquiries.reservation_params(account, start, end)
        return self._reports(inquiries.US_RESERVATIONS, account, params)

    def asia_reservations(self, account: Account, start: date, end: date) -> Iterator[ReportPage]:
        """Reservations of the Asian exchanges. Live only."""
        params = inquiries.reservation_params(account, start, end)
        return self._reports(inquiries.ASIA_RESERVATIONS, account, params)

    def open_overseas(self, account: Account, exchange: str = "NASD") -> Iterator[ReportPage]:
        """Open overseas orders; NASD stands for all of the US. Live only."""
        return self._reports(inquiries.OPEN_OVERSEAS, account, inquiries.open_overseas_params(account, exchange))

    def overseas_orders(self, account: Account, start: date, end: date) -> Iterator[ReportPage]:
        """Overseas orders and their fills, by dates of the exchange."""
        params = inquiries.overseas_orders_params(account, start, end, self._config.environment)
        return self._reports(inquiries.OVERSEAS_ORDERS, account, params)

    def fo_day_orders(self, account: Account, start: date, end: date) -> Iterator[ReportPage]:
        """Derivatives orders of the day session, by order date."""
        return self._reports(inquiries.FO_DAY_ORDERS, account, inquiries.fo_day_params(account, start, end))

    def fo_night_orders(self, account: Account, start: date, end: date) -> Iterator[ReportPage]:
        """Derivatives orders of the night session, by the next trading day's date, `end` included. Live only."""
        return self._reports(inquiries.FO_NIGHT_ORDERS, account, inquiries.fo_night_params(account, start, end))

    def krx_orders(self, account: Account, start: date, end: date) -> Iterator[ReportPage]:
        """Domestic stock orders of the last three months."""
        params = inquiries.krx_params(account, start, end, self._config.environment)
        return self._reports(inquiries.KRX_ORDERS, account, params)

    def krx_revisable(self, account: Account) -> Iterator[RevisablePage]:
        """Domestic stock orders that can be modified or canceled now, and how much of each. Live only."""
        for body in self.get_pages(inquiries.KRX_REVISABLE, inquiries.krx_revisable_params(account)):
            yield revisable_page(body.get("output"))

    def overseas_balance(
        self, account: Account, exchange: str = "NASD", currency: str = "USD"
    ) -> Iterator[BalancePage[OverseasTotals]]:
        """Shares at one exchange in one currency, as `inquiries.balance_questions` lists them."""
        params = inquiries.overseas_balance_params(account, exchange, currency)
        return map(overseas_page, self.get_pages(inquiries.OVERSEAS_BALANCE, params))

    def fo_balance(self, account: Account) -> Iterator[BalancePage[DerivativesTotals]]:
        """Derivatives positions, deposits and margins by the day's books."""
        params = inquiries.fo_balance_params(account)
        return map(derivatives_page, self.get_pages(inquiries.FO_DAY_BALANCE, params))

    def fo_night_balance(self, account: Account) -> Iterator[BalancePage[DerivativesTotals]]:
        """The same by the night's books. Live only."""
        params = inquiries.fo_night_balance_params(account)
        return map(derivatives_page, self.get_pages(inquiries.FO_NIGHT_BALANCE, params))

    def get_pages(self, inquiry: Inquiry, params: Params) -> Iterator[dict[str, Any]]:
        """The bodies of an inquiry, page by page.

        Raises UnsupportedError before anything is sent, NotSentError, NoAnswerError, BadAnswerError (also for paging
        that goes in circles) and RefusedError.
        """
        keys, tr_cont = ("", ""), ""
        seen = set()
        names = (f"ctx_area_fk{inquiry.key_width}", f"ctx_area_nk{inquiry.key_width}")
        for _page in range(MAX_PAGES):
            seen.add((keys[0].strip(), keys[1].strip()))
            asked = params | {name.upper(): key for name, key in zip(names, keys, strict=True)}
            body, more = self._page(inquiry, asked, tr_cont)
            yield body
            if not more:
                return
            keys, tr_cont = (str(body.get(names[0]) or ""), str(body.get(names[1]) or "")), "N"
            if (keys[0].strip(), keys[1].strip()) in seen:
                raise BadAnswerError(f"{inquiry.operation.value}: the page key does not advance")
        raise BadAnswerError(f"{inquiry.operation.value}: more than {MAX_PAGES} pages")

    def send(
        self, request: OrderRequest, gt_uid: str = "", still_good: Callable[[], bool] = at_any_time
    ) -> SendOutcome:
        """Sends an order request once and says what is known of it. Never raises for what the network or KIS does.

        `gt_uid`: the id to send for a corporate customer, when the caller has stored one; else a new one.
        `still_good()` is asked last, on the open connection: where it says no, nothing leaves.
        """
        uid = (gt_uid or self._ports.new_gt_uid()) if self._config.corporate else ""
        unsent = Evidence(http_status=None, raw=b"", gt_uid=uid)
        try:
            tr_id = required_tr_id(request.operation, self._config.environment)
            headers = self._config.headers(tr_id, self._ports.token(), gt_uid=uid)
            self._ports.limiter()
        except KisError as error:  # whatever became of the token, the order itself has not left
            return NotSent(str(error), unsent)
        url = self._config.rest_url + TRS[request.operation].path
        try:
            answer = post_once(url, headers, json.dumps(dict(request.body)).encode(), self._limits, still_good)
        except NotSentError as error:
            return NotSent(str(error), unsent)
        except NoAnswerError as error:
            return Unknown(UnknownReason.TIMEOUT if error.timed_out else UnknownReason.RESET, "", unsent)
        return read_answer(answer.status, answer.raw, uid)

    def _reports(self, orders: OrderList, account: Account, params: Params) -> Iterator[ReportPage]:
        for body in self.get_pages(orders.inquiry, params):
            yield read_rows(body.get(orders.rows), account, self._sessions, orders.read)

    def _page(self, inquiry: Inquiry, params: Params, tr_cont: str) -> tuple[dict[str, Any], bool]:
        """One page, and whether another follows. A busy or failing gateway is asked up to three times."""
        for pause in _BACK_OFF:
            response = self._ask(inquiry, params, tr_cont)
            if not _worth_another_try(response):
                return _read_page(response)
            self._ports.sleep(pause)
        return _read_page(self._ask(inquiry, params, tr_cont))

    def _ask(self, inquiry: Inquiry, params: Params, tr_cont: str) -> requests.Response:
        tr_id = required_tr_id(inquiry.operation, self._config.environment)
        token = self._ports.token()
        uid = self._ports.new_gt_uid() if self._config.corporate else ""
        headers = self._config.headers(tr_id, token, tr_cont=tr_cont, gt_uid=uid)
        url = self._config.rest_url + TRS[inquiry.operation].path
        self._ports.limiter()
        response = ask(
            lambda: self._session.get(url, params=params, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        )
        error = error_in(response)
        if error is not None and error.code in codes.TOKEN_REJECTED:
            self._ports.forget_token(token)
        return response


def _read_page(response: requests.Response) -> tuple[dict[str, Any], bool]:
    body = {name.lower(): value for name, value in raise_for_refusal(response).items()}
    return body, response.headers.get("tr_cont", "").strip() in _MORE


def _worth_another_try(response: requests.Response) -> bool:
    error = error_in(response)
    if error is not None and error.code in codes.TOKEN_REJECTED | {codes.RATE_LIMITED}:
        return True
    return response.status_code >= 500
