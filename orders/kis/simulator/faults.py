"""Faults by name. Each has a number of times it will still happen and, for REST, the requests that it hits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from orders.kis.simulator.answers import BLANK_500, TOKEN_EXPIRED, TOO_MANY, SimAnswer

# REST faults, and whether the order engine gets the request all the same.
REST_FAULTS = {
    "timeout_before_accept": False,
    "timeout_after_accept": True,
    "reset_before": False,
    "reset_after": True,
    "http_500_blank": False,
    "egw00201": False,
    "egw00123": False,
    "html": False,
    "not_json": True,
    "slow_drip": True,
}
# `freeze_ws` and `close_ws` hit the connections that are open now, `plain_frame` is sent at once.
# `inquiry_lag`: the next inquiries answer what was true when the fault was set.
# `hold_confirm`: the exchange's word for a request waits for the event `confirm`.
OTHER_FAULTS = (
    "drop_notices",
    "duplicate_notice",
    "freeze_ws",
    "close_ws",
    "slot_held",
    "bad_approval",
    "unknown_width",
    "plain_frame",
    "bad_cipher",
    "inquiry_lag",
    "hold_confirm",
)
KNOWN = (*REST_FAULTS, *OTHER_FAULTS)
ORDER_PATHS = ("order-resv-ccnl", "order-rvsecncl")
DRIP_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Fault:
    """`paths`: parts of the paths that it hits; `accept`: None keeps the default of its name."""

    name: str
    times: int = 1
    paths: tuple[str, ...] = ORDER_PATHS
    accept: bool | None = None


@dataclass(slots=True)
class Faults:
    """What is armed now, oldest first."""

    armed: list[Fault] = field(default_factory=list)

    def arm(self, fault: Fault) -> None:
        """Raises KeyError for a name that is not known."""
        if fault.name not in KNOWN:
            raise KeyError(fault.name)
        self.armed.append(fault)

    def clear(self) -> None:
        self.armed.clear()

    def take(self, *names: str) -> bool:
        """Uses up one of the named faults; True when there was one."""
        return self._take(fault for fault in self.armed if fault.name in names) is not None

    def take_for(self, path: str) -> Fault | None:
        """Uses up the oldest REST fault that hits `path`."""
        return self._take(
            fault for fault in self.armed if fault.name in REST_FAULTS and any(part in path for part in fault.paths)
        )

    def remaining(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for fault in self.armed:
            counts[fault.name] = counts.get(fault.name, 0) + fault.times
        return counts

    def _take(self, fitting: Iterable[Fault]) -> Fault | None:
        fault = next(iter(fitting), None)
        if fault is None:
            return None
        at = self.armed.index(fault)
        if fault.times > 1:
            self.armed[at] = replace(fault, times=fault.times - 1)
        else:
            del self.armed[at]
        return fault


def accepts(fault: Fault) -> bool:
    """Whether the request is carried out in spite of the fault."""
    return REST_FAULTS[fault.name] if fault.accept is None else fault.accept


def spoil(fault: Fault, answer: SimAnswer) -> SimAnswer:
    """What the client gets instead of `answer`."""
    if fault.name.startswith("timeout"):
        return replace(answer, hang=True)
    if fault.name.startswith("reset"):
        return replace(answer, reset=True)
    if fault.name == "html":
        page = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
        return SimAnswer(200, page, content_type="text/html")
    if fault.name == "not_json":
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    if fault.name == "slow_drip":
        return replace(answer, drip=DRIP_SECONDS)
    refusals = {"http_500_blank": BLANK_500, "egw00201": TOO_MANY, "egw00123": TOKEN_EXPIRED}
    return refusals[fault.name].answer()
