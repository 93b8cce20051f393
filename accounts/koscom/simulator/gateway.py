"""KoscomSimulator: handle(request) -> response, with no sockets and no clock of its own."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, timezone
from threading import Lock

from accounts.koscom.simulator import replies
from accounts.koscom.simulator.dialects import FIRMS, Firm, write_json
from accounts.koscom.simulator.faults import ANSWERS, KNOWN_FAULTS, Fault, Faults
from accounts.koscom.simulator.replies import Query, Refusal
from accounts.koscom.simulator.world import SimAccount, World

KST = timezone(timedelta(hours=9), "KST")
CLOSED_FROM, CLOSED_TO = time(8, 30), time(16, 0)
APIS = ("accountlist", "balancelist", "settlelist", "tradebook", "orderdetail")
_WITH_HOURS = ("balancelist", "settlelist")
_LOCK_AFTER = 5
# The key that the fault repeat_key gives: it leads to itself, for ever.
LOOP_KEY = "201603100000000961"


@dataclass(frozen=True, slots=True)
class SimRequest:
    """Header names are lower case."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SimResponse:
    """`drip`: seconds between bytes of the body. `hang`, `reset`: no answer at all."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    drip: float = 0.0
    hang: bool = False
    reset: bool = False


class KoscomSimulator:
    """A gateway with three firms. The same seed, clock and requests give the same answers.

    `clock` gives the business time; a request may bring its own in `X-Simulator-Now` (ISO 8601 with offset), so that a
    history can be read as it would have been read on each of its days. `drip`: seconds a byte of a slow answer.
    """

    def __init__(self, seed: int, clock: Callable[[], datetime], drip: float = 0.2) -> None:
        self._world = World(seed)
        self._clock = clock
        self._drip = drip
        self._lock = Lock()
        self._firms = {firm.short_name: firm for firm in FIRMS}
        self.faults = Faults()
        self.requests: Counter[str] = Counter()
        self.closed_arrivals: list[str] = []
        self._failed_logins: Counter[str] = Counter()

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request; safe to call from several threads."""
        with self._lock:
            return self._control(request) if request.path.startswith("/_control") else self._gateway(request)

    def _gateway(self, request: SimRequest) -> SimResponse:
        try:
            now = self._now(request)
        except ValueError as error:
            return _plain(400, {"error": f"X-Simulator-Now: {error}"})
        is_closed = self._count_closed(now, request.path)
        parts = request.path.strip("/").split("/")
        is_route = len(parts) == 5 and parts[0] == "v1" and (parts[2], parts[4]) == ("b2baccount", "search")
        if not is_route or request.path.endswith("/") or parts[3] not in APIS or parts[1] not in self._firms:
            return _plain(404, {"message": "no Route matched with those values"})
        if request.method != "POST":
            return _plain(405, {"message": "Method not allowed"})
        firm, api = self._firms[parts[1]], parts[3]
        self.requests[f"{firm.short_name}/{api}"] += 1
        refused = self._refuse_login(firm, request)
        if refused:
            return refused
        if is_closed and api in _WITH_HOURS:
            return _plain(400, {"error": "조회 가능 시간이 아닙니다."})
        return self._answer(firm, api, request, now)

    def _now(self, request: SimRequest) -> datetime:
        text = request.headers.get("x-simulator-now")
        now = datetime.fromisoformat(text) if text else self._clock()
        if now.tzinfo is None:
            raise ValueError("an offset is missing")
        return now

    def _count_closed(self, now: datetime, what: str) -> bool:
        """Closed is what either clock says: a history may not be read at noon."""
        instants = [moment.astimezone(KST) for moment in (now, self._clock())]
        if not any(CLOSED_FROM <= moment.time() < CLOSED_TO for moment in instants):
            return False
        self.closed_arrivals.append(f"{instants[0].isoformat()} {what}")
        return True

    def _refuse_login(self, firm: Firm, request: SimRequest) -> SimResponse | None:
        pair = f"demo-{firm.short_name}:demo-secret".encode()
        expected = f"basic {base64.b64encode(pair).decode()}"
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if f"{scheme.lower()} {credentials}" == expected and self._failed_logins[firm.short_name] < _LOCK_AFTER:
            self._failed_logins[firm.short_name] = 0
            return None
        self._failed_logins[firm.short_name] += 1
        is_locked = self._failed_logins[firm.short_name] > _LOCK_AFTER
        return _fault_answer("lockout" if is_locked else "auth_failed", "op-auth")

    def _answer(self, firm: Firm, api: str, request: SimRequest, now: datetime) -> SimResponse:
        try:
            query = replies.read_query(api, request.body, request.headers.get("comid", ""))
            fault = self.faults.take(firm.short_name, api, query.account)
            if query.text("page") == LOOP_KEY:
                fault, query = "repeat_key", replace(query, parameters={**query.parameters, "page": None})
            if fault in ANSWERS:
                return _fault_answer(fault, firm.name)
            tree = replies.reply(self._world, firm, query, now.astimezone(KST))
        except Refusal as refusal:
            return _plain(refusal.status, _error(refusal.category, refusal.code, str(refusal)))
        return _spoiled(fault, tree, query, firm, drip=self._drip)

    def _control(self, request: SimRequest) -> SimResponse:
        if request.method == "POST":
            return self._switch(request.body)
        if request.path == "/_control/accounts":
            return _plain(200, [_described(row) for rows in self._world.accounts.values() for row in rows])
        return _plain(
            200,
            {
                "now": self._clock().isoformat(),
                "requests": dict(self.requests),
                "total": self.requests.total(),
                "closed_arrivals": len(self.closed_arrivals),
                "closed": self.closed_arrivals[-100:],
                "faults": list(KNOWN_FAULTS),
                "active": [fault.name for fault in self.faults.active],
            },
        )

    def _switch(self, body: bytes) -> SimResponse:
        try:
            order = json.loads(body)
            if order.get("clear"):
                self.faults.active.clear()
                self._failed_logins.clear()
            else:
                times = order.get("times", 1)
                filters = {name: str(order.get(name, "")) for name in ("firm", "account", "api")}
                self.faults.add(Fault(str(order["fault"]), **filters, times=None if times is None else int(times)))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            return _plain(400, {"error": f"{type(error).__name__}: {error}"})
        return _plain(200, {"active": [fault.name for fault in self.faults.active]})


def _described(account: SimAccount) -> dict[str, str]:
    return {
        "firm": account.firm.short_name,
        "number": account.number,
        "virtual_number": account.virtual_number,
        "holder": account.holder,
        "status": account.status,
    }


def _spoiled(fault: str | None, tree: replies.Tree, query: Query, firm: Firm, *, drip: float) -> SimResponse:
    """Write an answer, with what a fault makes of it."""
    if fault == "drop_rows":
        tree = replies.without_rows(tree, query.api)
    if fault == "foreign_row":
        tree = replies.with_foreign_numbers(tree)
    if fault == "repeat_key":
        tree = replies.with_page_key(tree, query.api, LOOP_KEY)
    body = write_json(tree, firm.dialect).encode()
    spoiled = {
        "rate_limit": _plain(429, {"message": "API rate limit exceeded"}),
        "html": SimResponse(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html"),
        "not_json": SimResponse(200, body[: len(body) // 2]),
        "slow": SimResponse(200, body, drip=drip),
        "hang": SimResponse(200, b"", hang=True),
        "reset": SimResponse(200, b"", reset=True),
    }
    return spoiled.get(fault or "", SimResponse(200, body))


def _fault_answer(name: str, category: str) -> SimResponse:
    status, code, message = ANSWERS[name]
    return _plain(status, _error(category, code, message))


def _error(category: str, code: int | str, message: str) -> dict[str, object]:
    return {"category": category, "code": code, "message": message}


def _plain(status: int, value: object) -> SimResponse:
    return SimResponse(status, json.dumps(value, ensure_ascii=False).encode())
