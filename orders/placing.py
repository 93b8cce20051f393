"""Whose order a notice is about: its account by number and product, its order by number, and what a first word makes.

A notice has no date, and numbers are given out anew each day; so a closed order is only meant on its own trading day.
"""

from __future__ import annotations

from decimal import Decimal

from accounts.models import ClientAccount
from orders import ledger
from orders.domain import order_state as rules
from orders.domain.events import (
    Family,
    Market,
    OrderAccepted,
    OrderConfirmed,
    OrderFilled,
    OrderNews,
    OrderRejected,
    RequestKind,
)
from orders.kis.codes import US_EXCHANGES
from orders.kis.errors import NeedsMarketError
from orders.kis.notices import Record, parse_record
from orders.kis.translate import translate
from orders.models import KisAccount, NoticeFrame, Order, Origin
from orders.permissions import sessions


class Unplaced(ValueError):
    """The notice is read, but belongs to no account or order of ours."""


def place(frame: NoticeFrame, record: Record) -> tuple[OrderNews, Order | None]:
    """The notice in our words, and the order it is about; None when it is the first word of one."""
    notice = parse_record(record)
    try:
        news = translate(notice, frame.received_at)
    except NeedsMarketError:
        known = _newest_by_number(frame, notice.acnt_no[:8], int(notice.oder_no), int(notice.ooder_no or 0))
        if known is None:
            raise
        news = translate(notice, frame.received_at, known.exchange)
    accounts = _accounts(frame, news)
    return news, _find(accounts, news)


def accounts_named(connection_id: int, plaintext: str) -> list[int | None]:
    """The accounts that a record which could not be applied names: ours, none where it names another, else [None].

    One registration brings the notices of every account of the HTS ID, so another account's is nothing to look into.
    """
    number = [*plaintext.split("^"), "", ""][1].strip()
    if len(number) not in {8, 10} or not number.isdigit():
        return [None]
    rows = KisAccount.objects.filter(connection_id=connection_id).select_related("account__firm")
    return [row.account_id for row in rows if row.cano == number[:8] and number[8:] in {"", row.product}]


def _newest_by_number(frame: NoticeFrame, cano: str, *numbers: int) -> Order | None:
    ids = [row.pk for row in ledger.accounts_of(cano, None, Family.OVERSEAS, frame.connection_id)]
    found = (ledger.find(ids, Family.OVERSEAS, number) for number in numbers if number)
    return next((order for order in found if order is not None), None)


def _accounts(frame: NoticeFrame, news: OrderNews) -> list[ClientAccount]:
    accounts = ledger.accounts_of(news.key.account_number, news.key.product, news.key.family, frame.connection_id)
    if not accounts:
        raise Unplaced(f"account {news.key.account_number[:4]}**** is not connected")
    return accounts


def _find(accounts: list[ClientAccount], news: OrderNews) -> Order | None:
    """A fill is under its own number; a request names the order that it was aimed at, and its own number is new."""
    ids = [account.pk for account in accounts]
    # Whoever else may make this order now waits: a notice and an inquiry must not both find it missing.
    list(KisAccount.objects.select_for_update().filter(account_id__in=ids).order_by("pk"))
    own_first = news.orig_number is None or isinstance(news.event, OrderFilled)
    numbers = (news.key.number, news.orig_number) if own_first else (news.orig_number, news.key.number)
    for number in numbers:
        order = ledger.find(ids, news.key.family, number) if number else None
        if order is not None and _can_be(order, news):
            return order
    return None


def _can_be(order: Order, news: OrderNews) -> bool:
    """Another symbol or side is another order, and so is a closed one of another day."""
    if order.symbol != news.instrument.symbol or order.side != news.side:
        return False
    same_day = order.order_date == sessions().trading_date(_market(news), news.at)
    if isinstance(news.event, OrderAccepted) and news.orig_number is None:
        return same_day
    return same_day or order.is_open


def _market(news: OrderNews) -> Market:
    if news.key.family is Family.FO:
        return Market.FO_NIGHT if news.night else Market.FO_DAY
    if news.key.family is Family.KRX:
        return Market.KRX
    if news.instrument.exchange not in US_EXCHANGES:
        return Market.ASIA
    return Market.US_DAYTIME if sessions().daytime_session_contains(news.at) else Market.US


def first_seen(frame: NoticeFrame, news: OrderNews) -> Order:
    """An order given elsewhere, or one whose acceptance was missed: nothing here says that the portal gave it."""
    account = _accounts(frame, news)[0]
    market = _market(news)
    state = _first_state(news)
    order = Order(
        account=account,
        market=market.value,
        family=news.key.family.value,
        order_date=sessions().trading_date(market, news.at),
        symbol=news.instrument.symbol,
        name=news.instrument.name[:80],
        exchange=news.instrument.exchange,
        currency=news.instrument.currency,
        side=news.side.value,
        status=state.status.value,
        origin=Origin.EXTERNAL,
        ordered_at=news.at,
        transact_time=news.at,
        version=0,
    )
    ledger.put(order, state)
    order.save()
    first = news.orig_number or news.key.number
    ledger.add_number(order, first, RequestKind.NEW)
    return order


def _first_state(news: OrderNews) -> rules.OrderState:
    if isinstance(news.event, (OrderAccepted, OrderConfirmed)):
        return rules.new_order(news.event.quantity, news.event.price)
    if isinstance(news.event, OrderRejected) and news.event.request is RequestKind.NEW:
        return rules.new_order(Decimal(0), None)
    return rules.order_of_unknown_quantity()
