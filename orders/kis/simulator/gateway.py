"""KisSimulator: one broker behind two ports. `handle` answers a REST request; `hub` holds the notice socket."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from orders.domain.sessions import Sessions
from orders.kis.simulator.access import Access
from orders.kis.simulator.answers import (
    ACCOUNT_WRONG,
    ENVIRONMENT_WRONG,
    INVALID_REQUEST,
    TR_ID_MISSING,
    Refusal,
    SimAnswer,
    SimRequest,
    answer,
    number_in,
)
from orders.kis.simulator.book import SimAccount, SimNotice
from orders.kis.simulator.control import control
from orders.kis.simulator.desk import Desk
from orders.kis.simulator.faults import Fault, accepts, is_order
from orders.kis.simulator.inquiries import LISTINGS, PAPER_PAGE, Asked, inquire
from orders.kis.simulator.ledger import Ledger
from orders.kis.simulator.load import Load
from orders.kis.simulator.market import MarketMaker
from orders.kis.simulator.order_api import ORDER_REQUESTS
from orders.kis.simulator.order_api.fields import Asking, Refused
from orders.kis.simulator.settings import NO_FILES, Files, SimSettings
from orders.kis.simulator.spoiling import delay_before, spoil
from orders.kis.simulator.state import load
from orders.kis.simulator.wire import NoticeHub
from orders.kis.tr_ids import TRS, Environment, Tr


class KisSimulator:
    """A broker with its own clock: `now` is the business clock, `timer` counts seconds for limits and delays.

    `sessions` is the table of market hours, `files` are where an
    earlier run left its books, `pause` lets the seconds of a delay pass. Thread-safe: one lock around everything that
    changes. Deterministic by the settings' seed, the clock and the calls.
    """

    def __init__(
        self,
        settings: SimSettings,
        now: Callable[[], datetime],
        timer: Callable[[], float] = time.monotonic,
        *,
        files: Files = NO_FILES,
        sessions: Sessions | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.now = now
        self.desk = Desk(settings, now, timer, publish=self._publish, sessions=sessions or Sessions())
        self.access = Access(settings, now, timer)
        self.hub = NoticeHub(settings, self.desk.faults, self.access.approvals, now, timer, self.desk.lock)
        self.market = MarketMaker(self.desk, random.Random(settings.seed))  # noqa: S311 - a market, not a secret
        self.load = Load(self.desk)
        self.requests: Counter[str] = Counter()
        self.asked: list[dict[str, Any]] = []
        self.ledger = Ledger(files.ledger)
        self._pause = pause
        self._record()
        resumed = load(self, files)
        self.ledger.write("start", run=self.ledger.run, at=now().isoformat())
        if not settings.quiet and not resumed:
            self.market.open_desk()

    def handle(self, request: SimRequest) -> SimAnswer:
        """Answers one REST request; never raises for anything that a client can send."""
        if request.path.startswith("/_control"):
            return control(self, request)
        self.desk.work()
        with self.desk.lock:
            self.requests[request.path] += 1
            fault = self.desk.faults.take_for(request.path)
        if waiting := delay_before(fault):
            self._pause(waiting)
        with self.desk.lock:
            found = self._route(request, fault)
        headers = {name: request.headers[name] for name in ("tr_id", "gt_uid") if name in request.headers}
        return replace(found, headers={**headers, **found.headers})

    def work(self) -> None:
        """What passing time brings by itself."""
        self.desk.work()
        with self.desk.lock:
            self.load.work()
            self.hub.outbox.flush_due()

    def tick(self) -> None:
        """What a second brings. The market stands still when the settings say quiet."""
        self.work()
        if not self.settings.quiet:
            self.market.step()

    def _record(self) -> None:
        """Has everything that happens written to the ledger."""
        self.desk.book.record = self.ledger.change
        self.desk.reservations.record = self.ledger.reservation
        self.hub.record = self.ledger.write

    def _publish(self, notice: SimNotice) -> None:
        self.load.count()
        self.hub.publish(notice)

    def _route(self, request: SimRequest, fault: Fault | None) -> SimAnswer:
        entry = self._note(request, fault.name if fault else "")
        carried_out = self._carry_out(request, entry) if fault is None or accepts(fault) else answer({})
        if is_order(request.path) and not entry["reached"]:
            self.ledger.turn_away(entry)
        return carried_out if fault is None else spoil(fault, carried_out)

    def _note(self, request: SimRequest, fault: str) -> dict[str, Any]:
        """What is kept of an order request, whatever becomes of it."""
        entry: dict[str, Any] = {
            "path": request.path,
            "tr_id": request.headers.get("tr_id", ""),
            "gt_uid": request.headers.get("gt_uid", ""),
            "custtype": request.headers.get("custtype", ""),
            "body": request.json(),
            "at": self.now().isoformat(),
            "fault": fault,
            "reached": False,
            "accepted": False,
        }
        if is_order(request.path):
            self.asked.append(entry)
        return entry

    def _carry_out(self, request: SimRequest, entry: dict[str, Any]) -> SimAnswer:
        oauth = {
            "/oauth2/tokenP": self._issue_token,
            "/oauth2/revokeP": self.access.revoke_token,
            "/oauth2/Approval": self.access.approve,
        }.get(request.path)
        if oauth is not None:
            return oauth(request)
        result = self.access.refuse(request) or self._business(request, entry)
        if isinstance(result, Refusal):
            entry["refusal"] = result.msg_cd
            return result.answer()
        entry["accepted"] = True
        return result

    def _issue_token(self, request: SimRequest) -> SimAnswer:
        before, issued = self.access.token, self.access.issue_token(request)
        if self.access.issued_at is not None and self.access.token != before:
            self.ledger.write("token", token=self.access.token, issued_at=self.access.issued_at.isoformat())
        return issued

    def _business(self, request: SimRequest, entry: dict[str, Any]) -> SimAnswer | Refusal:
        tr = _by_tr_id(request.headers.get("tr_id", ""))
        if tr is None:
            return TR_ID_MISSING
        if tr.path != request.path:
            return INVALID_REQUEST
        wanted = tr.paper if self._paper else tr.live
        if wanted != request.headers.get("tr_id"):
            return ENVIRONMENT_WRONG
        return self._operate(request, tr, entry)

    def _operate(self, request: SimRequest, tr: Tr, entry: dict[str, Any]) -> SimAnswer | Refusal:
        fields = request.json() if request.method == "POST" else request.query
        account = SimAccount(str(fields.get("CANO")), str(fields.get("ACNT_PRDT_CD")))
        if account not in self.settings.accounts:
            return ACCOUNT_WRONG
        if request.method == "POST" and tr.live in ORDER_REQUESTS:
            return self._order(Asking(self.desk, account, fields, self._paper), tr, entry)
        if request.method == "GET" and tr.live in LISTINGS:
            return self._list(request, account, tr)
        return INVALID_REQUEST

    def _order(self, asking: Asking, tr: Tr, entry: dict[str, Any]) -> SimAnswer | Refusal:
        """The order engine. Its ledger has the request before it looks at it."""
        entry["reached"] = True
        self.ledger.begin(entry)
        try:
            taken = ORDER_REQUESTS[tr.live](asking)
        except Refused as refused:
            self.ledger.end(refusal=refused.refusal.msg_cd)
            return refused.refusal
        self.ledger.end(number=number_in(taken))
        return taken

    def _list(self, request: SimRequest, account: SimAccount, tr: Tr) -> SimAnswer:
        seen_at = self._seen_at(request.path)
        listing = LISTINGS[tr.live]
        size = self.settings.page_size or listing.page_size
        if self._paper:
            size = min(size, PAPER_PAGE)
        asked = Asked(request, account, self.desk, self.now(), self.market.price, self._paper, seen_at)
        return inquire(listing, asked, page_size=size)

    def _seen_at(self, path: str) -> float | None:
        """The moment whose truth an inquiry answers, None for now."""
        faults, now = self.desk.faults, self.desk.timer()
        fault = faults.take("stale_read", path) or faults.take("inquiry_lag", path)
        fault = fault or faults.standing("inquiry_lag", path)
        if fault is None:
            return None
        if fault.seconds is None:
            return fault.since
        return now - fault.seconds

    @property
    def _paper(self) -> bool:
        return self.settings.environment is Environment.PAPER


def _by_tr_id(tr_id: str) -> Tr | None:
    return next((tr for tr in TRS.values() if tr_id and tr_id in {tr.live, tr.paper}), None)
