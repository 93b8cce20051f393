"""The one table of modifies and cancels: which operation and body each market takes, and what it does not take.

Sources: KIS "해외주식 예약주문접수취소", "해외주식 예약주문접수", "해외주식 미국주간정정취소", "해외주식 정정취소주문",
"선물옵션 정정취소주문" and "주식주문(정정취소)". Every TR id comes from `tr_ids.TRS`; old ones are never sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from orders.domain.events import Market
from orders.domain.sessions import Action, Offer, refusal
from orders.kis.errors import UnsupportedError
from orders.kis.revisions import bodies
from orders.kis.revisions.facts import OrderRequest, RevisionFacts
from orders.kis.tr_ids import TRS, Operation

_Key = tuple[Market, str, Action]


@dataclass(frozen=True, slots=True)
class Revision:
    """How one action is asked for. `offer` says whether on paper too, and for a part."""

    operation: Operation
    body: Callable[[RevisionFacts], dict[str, str]]
    offer: Offer


@dataclass(frozen=True, slots=True)
class _Row:
    """`exchanges` ("",): the exchange makes no difference. `paper` is false where KIS's mock knows less than its TR."""

    market: Market
    exchanges: tuple[str, ...]
    actions: tuple[Action, ...]
    operation: Operation
    body: Callable[[RevisionFacts], dict[str, str]]
    part: bool = True
    paper: bool = True

    def revisions(self) -> Iterator[tuple[_Key, Revision]]:
        offer = Offer(paper=self.paper and TRS[self.operation].paper is not None, part=self.part)
        for exchange in self.exchanges:
            for action in self.actions:
                yield (self.market, exchange, action), Revision(self.operation, self.body, offer)


_ANY = ("",)
_US = ("NASD", "NYSE", "AMEX")
_ASIA = ("SEHK", "SHAA", "SZAA", "TKSE", "HASE", "VNSE")
_CANCEL = (Action.CANCEL,)
_BOTH = (Action.CANCEL, Action.MODIFY)
_ROWS = (
    _Row(Market.US_RESERVED, _ANY, _CANCEL, Operation.US_RESERVE_CANCEL, bodies.us_reservation, part=False),
    _Row(Market.ASIA_RESERVED, _ASIA, _CANCEL, Operation.ASIA_RESERVE, bodies.asia_reservation, part=False),
    _Row(Market.US_DAYTIME, _US, _BOTH, Operation.DAYTIME_REVISE, bodies.daytime),
    _Row(Market.US, _US, _BOTH, Operation.US_REVISE, bodies.overseas),
    _Row(Market.ASIA, ("SEHK",), _BOTH, Operation.HK_REVISE, bodies.overseas),
    _Row(Market.ASIA, ("TKSE",), _BOTH, Operation.JP_REVISE, bodies.overseas),
    _Row(Market.ASIA, ("SHAA",), _CANCEL, Operation.SHANGHAI_CANCEL, bodies.overseas),
    _Row(Market.ASIA, ("SZAA",), _CANCEL, Operation.SHENZHEN_CANCEL, bodies.overseas),
    _Row(Market.ASIA, ("HASE", "VNSE"), _CANCEL, Operation.VN_CANCEL, bodies.overseas),
    _Row(Market.FO_DAY, _ANY, _BOTH, Operation.FO_DAY_REVISE, bodies.derivatives_day),
    _Row(Market.FO_NIGHT, _ANY, _BOTH, Operation.FO_NIGHT_REVISE, bodies.derivatives_night, part=False),
    _Row(Market.KRX, ("KRX",), _BOTH, Operation.KRX_REVISE, bodies.krx),
    _Row(Market.KRX, ("NXT", "SOR"), _BOTH, Operation.KRX_REVISE, bodies.krx, paper=False),
)
TABLE = MappingProxyType(dict(pair for row in _ROWS for pair in row.revisions()))

# What `domain.sessions.Sessions` is to be fed with.
OFFERED = MappingProxyType({key: revision.offer for key, revision in TABLE.items()})


def offer(market: Market, exchange: str, action: Action) -> Revision | None:
    """The row of the table, None where KIS takes no such request."""
    return TABLE.get((market, exchange, action)) or TABLE.get((market, "", action))


def request(facts: RevisionFacts) -> OrderRequest:
    """The wire request of a modify or cancel.

    Raises UnsupportedError with its reason for what KIS does not take, ValueError for figures that cannot be; nothing
    has been sent then.
    """
    reason = refusal(OFFERED, facts.act)
    if reason is not None:
        where = f"{facts.market.value} {facts.exchange}".strip()
        text = f"{facts.action.value} of a {where} order is not taken ({facts.environment.value}): {reason.value}"
        raise UnsupportedError(text, reason)
    revision = TABLE.get((facts.market, facts.exchange, facts.action)) or TABLE[facts.market, "", facts.action]
    return OrderRequest(revision.operation, revision.body(facts))
