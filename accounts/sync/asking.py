"""One question to a firm, with the reaction that each error calls for.

Which error calls for which reaction is data of `accounts.koscom.codes`; what a reaction does stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from django.utils.translation import gettext as _

from accounts.koscom.client import OnPage
from accounts.koscom.codes import Reaction
from accounts.koscom.errors import KoscomError, SchemaError
from accounts.koscom.schemas import ForeignRow
from accounts.masking import mask_number
from accounts.models import StepState
from accounts.sync.pages import PageKeeper
from accounts.sync.request import Ports

WAITS = (1.0, 2.0, 4.0, 8.0)
STEP_SECONDS = 90.0
MOST_RESTARTS = 2


class StepFailed(Exception):
    """A step that ends without its data: the state it gets, a short code, the reason, and the firm's reaction."""

    def __init__(self, code: str, reason: str, *, state: StepState = StepState.FAILED) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.state = state


_Page = TypeVar("_Page")
_Page_co = TypeVar("_Page_co", covariant=True)


class Query(Protocol[_Page_co]):
    """A method of the client with its arguments bound, all but `on_page`."""

    def __call__(self, *, on_page: OnPage) -> Iterator[_Page_co]: ...


@dataclass(frozen=True, slots=True)
class Kept(Generic[_Page]):
    """A typed page and the id of the raw one that it was read from."""

    page: _Page
    raw: int | None


@dataclass(slots=True)
class Patience:
    """How often a step may still ask again: by reaction, and never beyond 90 s in all."""

    ports: Ports
    started: float
    waited: int = 0
    once: int = 0
    restarts: int = 0

    def again(self, error: KoscomError) -> bool:
        """Wait as the reaction says and give True, or give False: the error stands."""
        if error.reaction is Reaction.BACK_OFF:
            return self._back_off()
        if error.reaction is Reaction.ONCE:
            self.once += 1
            return self.once <= 1
        if error.reaction is Reaction.RESTART_QUERY:
            self.restarts += 1
            return self.restarts <= MOST_RESTARTS
        return False

    def _back_off(self) -> bool:
        if self.waited >= len(WAITS):
            return False
        wait = WAITS[self.waited]
        if self.ports.monotonic() - self.started + wait > STEP_SECONDS:
            return False
        self.waited += 1
        self.ports.sleep(wait)
        return True


@dataclass(slots=True)
class Inquiry:
    """Asks the questions of one step, keeps the answers, and gathers what cannot be booked."""

    keeper: PageKeeper
    patience: Patience
    held_back: list[str] = field(default_factory=list)
    warnings: dict[str, None] = field(default_factory=dict)

    def ask(self, words: str, query: Query[_Page]) -> list[Kept[_Page]]:
        """All pages of one query. Raises KoscomError when the reaction leaves no other try."""
        self.keeper.query = words
        while True:
            try:
                return self._pages(query)
            except SchemaError as error:
                self.keeper.quarantine(self.keeper.last, str(error))
                raise
            except KoscomError as error:
                if not self.patience.again(error):
                    raise

    def hold_back(self, raw: int | None, reason: str) -> None:
        """Keep rows out of the books: the page is quarantined, and the step will say so."""
        self.keeper.quarantine(raw, reason)
        self.held_back.append(reason)

    def hold_back_foreign(self, raw: int | None, rows: Iterable[ForeignRow]) -> None:
        for row in rows:
            found = {"path": row.path, "number": mask_number(row.number)}
            self.hold_back(raw, _("%(path)s: 다른 계좌 %(number)s의 행입니다.") % found)

    def warn(self, warning: str) -> None:
        self.warnings[warning] = None

    def _pages(self, query: Query[_Page]) -> list[Kept[_Page]]:
        return [Kept(page, self.keeper.last) for page in query(on_page=self.keeper.keep)]
