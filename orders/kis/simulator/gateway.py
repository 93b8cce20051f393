"""KisSimulator: one broker behind two ports. `handle` answers a REST request; `hub` holds the notice socket."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
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
)
from orders.kis.simulator.book import SimAccount, SimNotice
from orders.kis.simulator.control import control
from orders.kis.simulator.desk import Desk
from orders.kis.simulator.faults import ORDER_PATHS, accepts, spoil
from orders.kis.simulator.inquiries import LISTINGS, PAPER_PAGE, Asked, inquire
from orders.kis.simulator.market import MarketMaker
from orders.kis.simulator.order_api import ORDER_REQUESTS
from orders.kis.simulator.order_api.fields import Asking, Refused
from orders.kis.simulator.settings import SimSettings
from orders.kis.simulator.state import load
from orders.kis.simulator.wire import NoticeHub
from orders.kis.tr_ids import TRS, Environment, Tr


class KisSimulator:
    """A broker with its own clock: `now` is the business clock, `timer` counts seconds for limits and delays.

    `sessions` is the table of market hours, `state_file` where an earlier run left its books. Thread-safe: one lock
    around everything that changes. Deterministic by the settings' seed, the clock and the calls.
    """

    def __init__(
        self,
        settings: SimSettings,
        now: Callable[[], datetime],
        timer: Callable[[], float] = time.monotonic,
        *,
        state_file: Path | None = None,
        sessions: Sessions | None = None,
    ) -> None:
        self.settings = settings
        self.now = now
        self.desk = Desk(settings, now, timer, publish=self._publish, sessions=sessions or Sessions())
        self.access = Access(settings, now, timer)
        self.hub = NoticeHub(settings, self.desk.faults, self.access.approvals, now, timer, self.desk.lock)
        self.market = MarketMaker(self.desk, random.Random(settings.seed))  # noqa: S311 - a market, not a secret
        self.requests: Counter[str] = Counter()
        self.ledger: list[dict[str, Any]] = []
        self.lagging: float | None = None
        resumed = state_file is not None and load(self, state_file)
        if not settings.quiet and not resumed:
            self.market.open_desk()

    def handle(self, request: SimRequest) -> SimAnswer:
        """Answers one REST request; never raises for anything that a client can send."""
        if request.path.startswith("/_control"):
            return control(self, request)
        self.desk.work()
        with self.desk.lock:
            self.requests[request.path] += 1
            found = self._route(request)
        headers = {name: request.headers[name] for name in ("tr_id", "gt_uid") if name in request.headers}
        return SimAnswer(
            found.status,
            found.body,
            {**headers, **found.headers},
            found.content_type,
            hang=found.hang,
            reset=found.reset,
            drip=found.drip,
        )

    def tick(self) -> None:
        """What a second brings. The market stands still when the settings say quiet."""
        self.desk.work()
        if not self.settings.quiet:
            self.market.step()

    def freeze_inquiries(self) -> None:
        """From now on a lagging inquiry shows what is true at this moment."""
        self.lagging = self.desk.timer()

    def _publish(self, notice: SimNotice) -> None:
        self.hub.publish(notice)

    def _route(self, request: SimRequest) -> SimAnswer:
        fault = self.desk.faults.take_for(request.path)
        entry = self._note(request, fault.name if fault else "")
        if fault is None:
            return self._carry_out(request, entry)
        carried_out = self._carry_out(request, entry) if accepts(fault) else answer({})
        return spoil(fault, carried_out)

    def _note(self, request: SimRequest, fault: str) -> dict[str, Any]:
        """The line of the ledger that an order request gets, whatever becomes of it."""
        entry: dict[str, Any] = {
            "path": request.path,
            "tr_id": request.headers.get("tr_id", ""),
            "gt_uid": request.headers.get("gt_uid", ""),
            "body": request.json(),
            "at": self.now().isoformat(),
            "fault": fault,
            "accepted": False,
        }
        if any(part in request.path for part in ORDER_PATHS):
            self.ledger.append(entry)
        return entry

    def _carry_out(self, request: SimRequest, entry: dict[str, Any]) -> SimAnswer:
        oauth = {
            "/oauth2/tokenP": self.access.issue_token,
            "/oauth2/revokeP": self.access.revoke_token,
            "/oauth2/Approval": self.access.approve,
        }.get(request.path)
        if oauth is not None:
            return oauth(request)
        result = self.access.refuse(request) or self._business(request)
        if isinstance(result, Refusal):
            entry["refusal"] = result.msg_cd
            return result.answer()
        entry["accepted"] = True
        return result

    def _business(self, request: SimRequest) -> SimAnswer | Refusal:
        tr = _by_tr_id(request.headers.get("tr_id", ""))
        if tr is None:
            return TR_ID_MISSING
        if tr.path != request.path:
            return INVALID_REQUEST
        wanted = tr.paper if self._paper else tr.live
        if wanted != request.headers.get("tr_id"):
            return ENVIRONMENT_WRONG
        return self._operate(request, tr)

    def _operate(self, request: SimRequest, tr: Tr) -> SimAnswer | Refusal:
        fields = request.json() if request.method == "POST" else request.query
        account = SimAccount(str(fields.get("CANO")), str(fields.get("ACNT_PRDT_CD")))
        if account not in self.settings.accounts:
            return ACCOUNT_WRONG
        if request.method == "POST" and tr.live in ORDER_REQUESTS:
            return self._order(Asking(self.desk, account, fields, self._paper), tr)
        if request.method == "GET" and tr.live in LISTINGS:
            return self._list(request, account, tr)
        return INVALID_REQUEST

    def _order(self, asking: Asking, tr: Tr) -> SimAnswer | Refusal:
        try:
            return ORDER_REQUESTS[tr.live](asking)
        except Refused as refused:
            return refused.refusal

    def _list(self, request: SimRequest, account: SimAccount, tr: Tr) -> SimAnswer:
        seen_at = self.lagging if self.desk.faults.take("inquiry_lag") else None
        listing = LISTINGS[tr.live]
        size = self.settings.page_size or listing.page_size
        if self._paper:
            size = min(size, PAPER_PAGE)
        return inquire(listing, Asked(request, account, self.desk, self.now(), seen_at), page_size=size)

    @property
    def _paper(self) -> bool:
        return self.settings.environment is Environment.PAPER


def _by_tr_id(tr_id: str) -> Tr | None:
    return next((tr for tr in TRS.values() if tr_id and tr_id in {tr.live, tr.paper}), None)
