"""Asking KIS for the lists of one account, all pages, and bringing the books in line with the answer."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Min, Q

from accounts import clock
from accounts.clock import KST
from accounts.models import ClientAccount
from orders import books, gateway
from orders.domain.events import Family
from orders.domain.pace import Turn
from orders.domain.sessions import Calendar
from orders.kis.client import KisClient
from orders.kis.errors import KisError
from orders.kis.schemas import Account, ReportPage, Revisable
from orders.lease import Fence
from orders.models import KisAccount, KisConnection, Order, Recovery
from orders.permissions import sessions

log = logging.getLogger(__name__)

DERIVATIVES = "03"
LOOK_BACK = timedelta(days=1)  # a US session spans Korean midnight, and a reservation outlives its day
LONGEST_LOOK_BACK = timedelta(days=60)  # KIS keeps three months


def inquire(
    account: ClientAccount,
    families: Sequence[Family] = (),
    fence: Fence | None = None,
    turn: Turn = Turn.INQUIRY,
) -> books.Read | None:
    """Read the lists of one account, and apply them. None when KIS did not give all of it; the reason is kept.

    So is how many rows could not be read, beside which the others are applied.

    `families` limits the question; empty means everything that the account's product and environment have. With a
    `fence`, raises LeaseLost and writes nothing once the notice stream that asks was taken over. What an order waits
    for is asked in an order's `turn`.
    """
    row = KisAccount.objects.select_related("connection", "account__firm").filter(account=account).first()
    if row is None or not row.connection.active:
        return None
    asked_at = clock.now()
    try:
        client = gateway.client(row.connection, turn)
        pages = tuple(_all_pages(client, row, families or _families(row), asked_at))
    except (KisError, ValueError, ArithmeticError) as error:
        _keep(row, None, str(error))
        log.warning("inquiry failed", extra={"account": account.pk, "error": str(error)})
        return None
    read = books.Read(row.account, asked_at, tuple(report for page in pages for report in page.reports), fence)
    books.apply_read(read)
    _keep(row, None if families else asked_at, _unread(row, pages))
    return read


def revisable(account: ClientAccount) -> dict[int, Revisable]:
    """How much of each domestic stock order KIS would let us modify or cancel now, by number; asked for an order.

    KIS "주식정정취소가능주문조회": to be asked before each such request. Live only. Raises KisError, and ValueError or
    ArithmeticError for an answer that cannot be read.
    """
    row = KisAccount.objects.select_related("connection").get(account=account)
    pages = gateway.client(row.connection, Turn.ORDER).krx_revisable(Account(row.cano, row.product))
    return {item.number: item for page in pages for item in page.rows}


def _keep(row: KisAccount, asked_at: datetime | None, error: str) -> None:
    """What became of a question; `asked_at` of one for everything, from which the next one goes on."""
    changes: dict[str, object] = {"inquiry_error": error[:200]}
    if asked_at is not None:
        changes["last_inquired_at"] = asked_at
    KisAccount.objects.filter(pk=row.pk).update(**changes)


def _families(row: KisAccount) -> Sequence[Family]:
    if row.product == DERIVATIVES:
        return (Family.FO,)
    if row.connection.is_paper:
        return (Family.OVERSEAS, Family.KRX)
    return (Family.RESERVED, Family.OVERSEAS, Family.KRX)


def _all_pages(
    client: KisClient, row: KisAccount, families: Iterable[Family], asked_at: datetime
) -> Iterator[ReportPage]:
    account = Account(row.cano, row.product)
    today = asked_at.astimezone(KST).date()
    for family in families:
        days = _Days(_since(row, family, today), today)
        yield from _pages(client, row.connection, account, family, days)


def _unread(row: KisAccount, pages: Iterable[ReportPage]) -> str:
    """What to say of rows that could not be read; nothing where there are none."""
    rows = [bad for page in pages for bad in page.bad]
    for bad in rows:
        log.error("inquiry row not read", extra={"field": bad.name, "reason": bad.reason, "account": row.pk})
    return f"rows not read: {len(rows)} ({rows[0].name})" if rows else ""


@dataclass(frozen=True, slots=True)
class _Days:
    """The order dates that a question spans, both included."""

    start: date
    today: date


def _since(row: KisAccount, family: Family, today: date) -> date:
    """Yesterday; after an absence a day before it began, or the oldest day of an order that we still hold open."""
    still_open = Order.objects.filter(account=row.account, family=family.value, merged_into=None).open()
    oldest = still_open.aggregate(day=Min("order_date"))["day"] or today
    away = [at.astimezone(KST).date() - LOOK_BACK for at in (row.last_inquired_at, _lost_at(row)) if at is not None]
    return max(min(oldest, today - LOOK_BACK, *away), today - LONGEST_LOOK_BACK)


def _lost_at(row: KisAccount) -> datetime | None:
    """Since when notices of the account may be missing that no two reads have made good yet."""
    under_way = Recovery.objects.filter(connection_id=row.connection_id, ended_at=None)
    concerned = under_way.filter(Q(account=None) | Q(account_id=row.account_id))
    lost_at: datetime | None = concerned.aggregate(at=Min("lost_at"))["at"]
    return lost_at


def _pages(
    client: KisClient, connection: KisConnection, account: Account, family: Family, days: _Days
) -> Iterator[ReportPage]:
    start, today = days.start, days.today
    match family:
        case Family.RESERVED:
            if not connection.is_paper:
                yield from client.reservations(account, start, today)
                yield from client.asia_reservations(account, start, today)
        case Family.OVERSEAS:
            if not connection.is_paper:
                yield from client.open_overseas(account)
            yield from client.overseas_orders(account, start, today)
        case Family.FO:
            # The night's rows keep the next trading day's date when they move to the day table: Monday's on a Saturday.
            coming = sessions().next_trading_day(Calendar.KRX, today)
            yield from client.fo_day_orders(account, start, coming)
            if not connection.is_paper:
                yield from client.fo_night_orders(account, start, coming)
        case Family.KRX:
            yield from client.krx_orders(account, start, today)
