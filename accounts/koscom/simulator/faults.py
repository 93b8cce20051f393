"""Faults by name: what the simulator can be told to do wrong, for whom and how often."""

from __future__ import annotations

from dataclasses import dataclass, replace

ANSWERS: dict[str, tuple[int, int | str, str]] = {
    # name: (HTTP status, code, message)
    "firm_down": (503, 3600, "증권사 서버를 사용할 수 없습니다."),
    "network_error": (500, 3004, "네트워크 오류"),
    "firm_timeout": (500, 3005, "증권사 응답 시간 초과"),
    "bad_trcode": (500, 3001, "TRCODE 오류"),
    "auth_failed": (401, 2001, "인증에 실패하였습니다."),
    "lockout": (401, 2003, "인증 시도 횟수를 초과하여 잠긴 계정입니다."),
    "no_permission": (403, 2100, "API 사용 권한이 없습니다."),
    "expired_account": (500, 3010, "만료된 계좌입니다."),
    "unknown_account": (500, 3012, "알 수 없는 계좌입니다."),
    "no_all": (500, 6001, "Unsupported Asset Type"),
    "bad_page_key": (500, 6003, "Invalid Page Value"),
    "too_many": (500, 6005, "Result Too Many"),
    "ok_as_error": (500, 200, "OK 정상"),
}
SHAPES = {
    "rate_limit": "429 {message}",
    "html": "a proxy's page",
    "not_json": "half an answer",
    "slow": "an answer that drips",
    "hang": "no answer",
    "reset": "the connection is cut",
    "repeat_key": "the page key repeats for ever",
    "drop_rows": "the answer is complete and has no rows",
    "foreign_row": "every row bears another account's number",
}
KNOWN_FAULTS = tuple(sorted({**ANSWERS, **SHAPES}))


@dataclass(frozen=True, slots=True)
class Fault:
    """`times` answers are affected, None: all until cleared; empty filters match everything."""

    name: str
    firm: str = ""
    account: str = ""
    api: str = ""
    times: int | None = 1


class Faults:
    """The faults that are switched on, oldest first."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch a fault on; ValueError for one that nobody knows."""
        if fault.name not in KNOWN_FAULTS:
            raise ValueError(f"unknown fault {fault.name!r}; known: {', '.join(KNOWN_FAULTS)}")
        self.active.append(fault)

    def take(self, firm: str, api: str, account: str) -> str | None:
        """Give the name of the first fault that fits, and use it up by one."""
        for position, fault in enumerate(self.active):
            if fault.firm in ("", firm) and fault.api in ("", api) and fault.account in ("", account):
                self._use(position, fault)
                return fault.name
        return None

    def _use(self, position: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times <= 1:
            del self.active[position]
        else:
            self.active[position] = replace(fault, times=fault.times - 1)
