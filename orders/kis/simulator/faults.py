"""Faults by name. Each has a number of times it will still happen and, for REST, the requests that it hits."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product

from orders.kis.simulator.answers import GATEWAY_CODES

ORDER_OPERATIONS = frozenset(
    {"order", "daytime-order", "order-resv", "order-resv-ccnl", "order-rvsecncl", "daytime-order-rvsecncl"}
)
_CODES = (
    *("EGW00001", "EGW00002", "EGW00003", "EGW00121", "EGW00123", "EGW00201"),
    *("EGW00202", "EGW00203", "EGW00204", "EGW00300"),
)
STATUSES, SHAPES = (500, 502, 503), ("json", "html", "empty")


@dataclass(frozen=True, slots=True)
class RestFault:
    """`accepts`: the order engine gets the request all the same; `inquiries`: it hits those instead of orders."""

    sentence: str
    accepts: bool = False
    inquiries: bool = False


REST_FAULTS = {
    "timeout_before_accept": RestFault("No answer ever, and the order engine never sees the request."),
    "timeout_after_accept": RestFault("The request is carried out, and no answer ever comes.", accepts=True),
    "drop_before": RestFault("The connection is closed in order, without an answer and without an order."),
    "drop_after": RestFault("The request is carried out and the connection closed without an answer.", accepts=True),
    "reset_before": RestFault("The connection is reset, and the order engine never sees the request."),
    "reset_after": RestFault("The request is carried out and the connection reset.", accepts=True),
    "delay_before": RestFault("The request reaches the order engine `seconds` later.", accepts=True),
    "delay_after": RestFault("The request is carried out at once and answered `seconds` later.", accepts=True),
    "http_500_blank": RestFault("HTTP 500 with rt_cd 1 and a blank msg_cd."),
    **{
        f"http_{status}_{shape}": RestFault(f"HTTP {status} with a body of the kind {shape}.")
        for status, shape in product(STATUSES, SHAPES)
    },
    **{code.lower(): RestFault(f"HTTP 500 with {code}: {GATEWAY_CODES[code]}") for code in _CODES},
    "unlisted_code": RestFault("HTTP 200 with rt_cd 1 and a msg_cd that no list has, or the one in `code`."),
    "html": RestFault("HTTP 200 with a page instead of JSON."),
    "not_json": RestFault("The request is carried out, and half of the answer's body comes.", accepts=True),
    "slow_drip": RestFault("The request is carried out, and the answer comes byte by byte.", accepts=True),
    "added_fields": RestFault("Rows carry `count` fields that no page has.", accepts=True, inquiries=True),
    "missing_page": RestFault("A page says that it is the last though more rows follow.", accepts=True, inquiries=True),
    "invalid_utf8_row": RestFault("A name in a row is cut in a character.", accepts=True, inquiries=True),
}
OTHER_FAULTS = {
    "inquiry_lag": "Lists answer what was true `seconds` ago, all the time; without `seconds`, at the arming.",
    "stale_read": "One list answers what was true `seconds` ago, older than the one before it.",
    "hold_confirm": "The exchange's word for a request waits for the event `confirm`.",
    "drop_notices": "A notice is not sent.",
    "duplicate_notice": "A notice frame is sent twice.",
    "batch_frames": "`count` notices of one TR, 20 at most, go in one frame, at the latest after `seconds`.",
    "reorder_frames": "`count` frames go out in the reverse order, at the latest after `seconds`.",
    "unknown_width": "A notice has three columns more than any page.",
    "added_columns": "A notice has `count` columns more.",
    "invalid_utf8_notice": "A name in a notice is cut in a character.",
    "bad_cipher": "A notice is encrypted with a key that nobody was given.",
    "freeze_ws": "The open sockets fall silent, PINGPONG too, and stay open.",
    "close_ws": "The open sockets are closed in order.",
    "drop_ws": "The open sockets are cut without a close frame.",
    "slot_held": "OPSP8996 for `times` registrations; with `seconds`, for so long after each unclean end of a socket.",
    "bad_approval": "OPSP0011 for a registration.",
    "plain_frame": "A fill that never was is sent in the clear, as somebody on the line would.",
    "invalid_utf8_frame": "A text frame comes that is no UTF-8.",
}
KNOWN = (*REST_FAULTS, *OTHER_FAULTS)
_STANDING = frozenset({"inquiry_lag", "slot_held"})  # with `seconds`, until they are cleared


@dataclass(frozen=True, slots=True)
class Fault:
    """`times` None: until it is cleared. `paths`: parts of the paths that it hits, empty for those of its kind.

    `accept` None keeps the default of its name; `rate` is the chance of each fitting request; `since` the seconds of
    the timer at which it was armed.
    """

    name: str
    times: int | None = 1
    paths: tuple[str, ...] = ()
    accept: bool | None = None
    seconds: float | None = None
    rate: float = 1.0
    count: int = 1
    code: str = ""
    since: float = 0.0

    @property
    def stands(self) -> bool:
        """It is a state and no single event."""
        return self.name in _STANDING and self.seconds is not None

    def covers(self, path: str) -> bool:
        """Without paths of its own it covers every one."""
        return not self.paths or any(part in path for part in self.paths)

    def hits(self, path: str) -> bool:
        """Of a REST fault: without paths of its own it hits those of its kind."""
        if self.paths:
            return self.covers(path)
        ordering = is_order(path)
        return path.startswith("/uapi") and not ordering if REST_FAULTS[self.name].inquiries else ordering


@dataclass(slots=True)
class Faults:
    """What is armed now, oldest first; `chance` draws for those with a rate."""

    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - a fault, not a secret
    armed: list[Fault] = field(default_factory=list)

    def arm(self, fault: Fault) -> None:
        """Raises KeyError for a name that is not known."""
        if fault.name not in KNOWN:
            raise KeyError(fault.name)
        self.armed.append(fault)

    def clear(self, name: str = "") -> None:
        """Disarm all, or all of that name. Raises KeyError for a name that is not known."""
        if name and name not in KNOWN:
            raise KeyError(name)
        self.armed = [fault for fault in self.armed if name and fault.name != name]

    def take(self, name: str, path: str = "") -> Fault | None:
        """Uses one of that name up, if it hits `path`."""
        return self._take(lambda fault: fault.name == name and not fault.stands and fault.covers(path))

    def take_for(self, path: str) -> Fault | None:
        """Uses up the oldest REST fault that hits `path`."""
        return self._take(lambda fault: fault.name in REST_FAULTS and fault.hits(path))

    def standing(self, name: str, path: str = "") -> Fault | None:
        """The newest of that name that is a state, not used up, and covers `path`."""
        fitting = (fault for fault in reversed(self.armed) if fault.name == name and fault.stands)
        return next((fault for fault in fitting if fault.covers(path)), None)

    def remaining(self) -> dict[str, int | None]:
        """How often each will still happen; None until it is cleared."""
        counts: dict[str, int | None] = {}
        for fault in self.armed:
            before = counts.get(fault.name, 0)
            counts[fault.name] = None if before is None or fault.times is None else before + fault.times
        return counts

    def _take(self, fits: Callable[[Fault], bool]) -> Fault | None:
        for at, fault in enumerate(self.armed):
            if fits(fault) and (fault.rate >= 1 or self.chance.random() < fault.rate):
                self._use_up(at, fault)
                return fault
        return None

    def _use_up(self, at: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self.armed[at] = replace(fault, times=fault.times - 1)
        else:
            del self.armed[at]


def sentences() -> dict[str, str]:
    """What each fault does."""
    return {**{name: fault.sentence for name, fault in REST_FAULTS.items()}, **OTHER_FAULTS}


def is_order(path: str) -> bool:
    return path.rsplit("/", 1)[-1] in ORDER_OPERATIONS


def accepts(fault: Fault) -> bool:
    """Whether the request is carried out in spite of the fault."""
    return REST_FAULTS[fault.name].accepts if fault.accept is None else fault.accept
