"""Who the simulator is: its accounts, its keys, its limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orders.kis.simulator.book import SimAccount
from orders.kis.tr_ids import Environment


@dataclass(frozen=True, slots=True)
class SimSettings:
    """`exchange_delay` and `reservation_delay` are seconds from a request to its effect."""

    accounts: tuple[SimAccount, ...]
    seed: int = 7
    hts_id: str = "desk01"
    app_key: str = "demo"
    app_secret: str = "demo"  # noqa: S105 - the demo's own
    environment: Environment = Environment.LIVE
    quiet: bool = False
    target_open: int = 40
    exchange_delay: float = 0.6
    reservation_delay: float = 1.5
    page_size: int | None = None
    rate: int | None = None

    @property
    def requests_per_second(self) -> int:
        """KIS, since 2026-04-20: 18 a second live, 1 on paper; `rate` stands in for it."""
        if self.rate is not None:
            return self.rate
        return 18 if self.environment is Environment.LIVE else 1


@dataclass(frozen=True, slots=True)
class Files:
    """Where the books are kept between two runs, and where every happening gets a line; None keeps nothing."""

    state: Path | None = None
    ledger: Path | None = None


NO_FILES = Files()


def read_account(text: str) -> SimAccount:
    """`12345678-01` as an account. Raises ValueError for another shape."""
    number, _, product = text.partition("-")
    if not (len(number) == 8 and len(product) == 2 and (number + product).isdigit()):
        raise ValueError(f"not an account: {text!r}")
    return SimAccount(number, product)
