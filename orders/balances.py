"""Balances as KIS gives them, for its own accounts: fetched nightly and on demand, published like every other balance.

What KIS does not say stays unknown: its overseas balance tells neither cash nor the rate to won, so that such an
account has holdings and no totals. A derivatives account is worth what KIS estimates it at (추정예탁자산): the
notional value of its contracts is no money.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Context, Decimal

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts.clock import KST
from accounts.fields import AmountOutOfRange
from accounts.koscom.codes import SettlementBasis
from accounts.koscom.schemas import CashRow, Holding, Instrument
from accounts.models import Dataset, RunState, ScheduleEntry, Slot, StepState, SyncRun, SyncStep
from accounts.sync import claims, publishing, totals
from accounts.sync.claims import Claim, LeaseLost
from accounts.sync.datasets import Balance
from accounts.sync.slots import CALENDAR
from orders import gateway
from orders.domain.events import Market, Side
from orders.kis.client import KisClient, balance_questions
from orders.kis.errors import KisError
from orders.kis.schemas import Account, BalancePage, DerivativesTotals, OverseasTotals, Position
from orders.kis.tr_ids import Environment
from orders.models import KisAccount
from orders.permissions import sessions

log = logging.getLogger(__name__)

DERIVATIVES = "03"
ZERO = Decimal(0)
_RATE = Context(prec=12)
# After the night's session (06:00) and the move of its rows to the day table (about 06:10), before the morning's work.
USUAL_START = time(6, 20)
MOST_TRIES = 12


@dataclass(frozen=True, slots=True)
class Fetched:
    """One account's whole answer."""

    balance: Balance
    totals: totals.Totals
    pages: int
    bad: tuple[str, ...]


def refresh(row: KisAccount, by: audit.By) -> bool:
    """Fetch and publish one account's balance now. False when it failed, or when somebody else is at it.

    A failure leaves the published balance as it is, and its reason on the step.
    """
    now = clock.now()
    claim = _claim(row, now)
    if claim is None:
        return False
    try:
        done = _fetch_and_publish(claim, row, by)
    except LeaseLost:
        log.warning("balance step %s was taken over", claim.step.pk)
        done = False
    _conclude(claim.step.run, clock.now())
    return done


def due(now: datetime) -> list[KisAccount]:
    """The accounts of active connections whose balance of today's run is not complete, once its time has come.

    One that failed a dozen times waits for a person.
    """
    local = now.astimezone(KST)
    if local.time() < starts_at():
        return []
    tonight = SyncStep.objects.filter(run__slot=Slot.KIS, run__calendar_date=local.date())
    over = tonight.filter(Q(state=StepState.DONE) | Q(attempt__gte=MOST_TRIES))
    rows = KisAccount.objects.filter(connection__active=True).exclude(account__in=over.values("account"))
    return list(rows.select_related("connection", "account__firm").order_by("pk"))


def is_scheduled() -> bool:
    return ScheduleEntry.objects.filter(slot=Slot.KIS, enabled=True).exists()


def starts_at() -> time:
    """The table's word for the nightly run, in Korean time."""
    entry = ScheduleEntry.objects.filter(slot=Slot.KIS).first()
    return entry.starts_at if entry else USUAL_START


def _claim(row: KisAccount, now: datetime) -> Claim | None:
    run, _created = SyncRun.objects.get_or_create(
        slot=Slot.KIS, calendar_date=now.astimezone(KST).date(), defaults={"started_at": now}
    )
    step, _created = SyncStep.objects.get_or_create(
        run=run,
        firm=row.account.firm,
        account=row.account,
        dataset=Dataset.BALANCES,
        business_date=CALENDAR.business_date(now),
    )
    SyncStep.objects.filter(pk=step.pk, state=StepState.DONE).update(state=StepState.PENDING)
    SyncRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, finished_at=None)
    return claims.claim(step.pk, step.attempt, str(uuid.uuid4()), wall=timezone.now(), now=now)


def _fetch_and_publish(claim: Claim, row: KisAccount, by: audit.By) -> bool:
    try:
        fetched = fetch(gateway.client(row.connection), row, claim.step.started_at or clock.now())
        notes = publishing.Notes(fetched.pages, (), fetched.bad)
        stamp = publishing.Stamp(clock.now(), timezone.now(), by)
        publishing.publish_balance(claim, fetched.balance, notes, stamp, fetched.totals)
    except (KisError, AmountOutOfRange, ValueError, ArithmeticError) as error:
        log.warning("balance not fetched", extra={"account": row.account_id, "error": str(error)})
        claim.end(
            state=StepState.FAILED,
            error_code=type(error).__name__[:32],
            error=str(error)[:400],
            finished_at=clock.now(),
        )
        return False
    return not fetched.bad


def _conclude(run: SyncRun, now: datetime) -> None:
    states = set(SyncStep.objects.filter(run=run).values_list("state", flat=True))
    if states & {StepState.PENDING, StepState.RUNNING}:
        return
    failed = states - {StepState.DONE}
    ended = (
        RunState.DONE if not failed else RunState.DONE_WITH_FAILURES if StepState.DONE in states else RunState.FAILED
    )
    SyncRun.objects.filter(pk=run.pk).update(state=ended, finished_at=now)


def fetch(client: KisClient, row: KisAccount, now: datetime) -> Fetched:
    """All pages of one account. Raises KisError when KIS did not give all of it."""
    account = Account(row.cano, row.product)
    if row.product == DERIVATIVES:
        return _derivatives(_derivatives_pages(client, row, account, now))
    return _overseas(_overseas_pages(client, row, account))


def _derivatives_pages(
    client: KisClient, row: KisAccount, account: Account, now: datetime
) -> Iterator[BalancePage[DerivativesTotals]]:
    """By the night's books while the night trades; they hold the day's positions too. Paper has no night."""
    at_night = sessions().session_at(Market.FO_NIGHT, now) is not None and not row.connection.is_paper
    return client.fo_night_balance(account) if at_night else client.fo_balance(account)


def _overseas_pages(client: KisClient, row: KisAccount, account: Account) -> Iterator[BalancePage[OverseasTotals]]:
    for exchange, currency in balance_questions(Environment(row.connection.environment)):
        yield from client.overseas_balance(account, exchange, currency)


def _overseas(pages: Iterable[BalancePage[OverseasTotals]]) -> Fetched:
    read = list(pages)
    # KIS has one row a symbol; one that the questions of two exchanges both bring is the same holding.
    holdings = tuple(dict.fromkeys(_holding(position) for page in read for position in page.positions))
    unknown = totals.Totals(None, None, None, None, None, None, incomplete=bool(holdings))
    return Fetched(Balance((), holdings), unknown, len(read), _bad(read))


def _derivatives(pages: Iterable[BalancePage[DerivativesTotals]]) -> Fetched:
    read = list(pages)
    holdings = tuple(_holding(position) for page in read for position in page.positions)
    said = next((page.totals for page in reversed(read) if page.totals is not None), None)
    return Fetched(Balance(_cash(said), holdings), _worth(said), len(read), _bad(read))


def _bad(pages: Iterable[BalancePage[DerivativesTotals]] | Iterable[BalancePage[OverseasTotals]]) -> tuple[str, ...]:
    return tuple(f"{bad.name}: {bad.reason}" for page in pages for bad in page.bad)


def _holding(position: Position) -> Holding:
    """A short position has a negative quantity."""
    derivative = position.side is not None
    cost, profit = position.cost, position.profit_loss
    return Holding(
        instrument=Instrument(None, position.symbol, position.name or None, ()),
        asset_type=_("선물옵션") if derivative else _("해외주식"),
        exchange=position.exchange or None,
        currency=position.currency,
        quantity=-position.quantity if position.side is Side.SELL else position.quantity,
        cost=cost,
        market_value=position.market_value,
        profit_loss=profit,
        return_rate=_RATE.divide(profit, cost) if cost and profit is not None else None,
        reported_return_rate=position.rate,
        credit_type=None,
        credit_amount=None,
        last_buy_date=None,
        maturity_date=None,
        foreign_deposit=None,
        won_deposit=None,
        fx_rate=None,
        warnings=(),
    )


def _cash(said: DerivativesTotals | None) -> tuple[CashRow, ...]:
    """Today's deposit, and tomorrow's, which today's differences and fees are in already."""
    if said is None:
        return ()
    today = CashRow(
        currency="KRW",
        settlement_basis=SettlementBasis.D0,
        cash_balance=said.deposit,
        margin=said.margin,
        substitute=said.substitute,
        receivable=None,
        loan_total=None,
        credit_total=None,
        valuation=said.estimated_assets,
        withdrawable=said.withdrawable,
    )
    if said.next_day_deposit is None:
        return (today,)
    tomorrow = CashRow("KRW", SettlementBasis.D1, said.next_day_deposit, None, None, None, None, None, None, None)
    return (today, tomorrow)


def _worth(said: DerivativesTotals | None) -> totals.Totals:
    if said is None or said.estimated_assets is None:
        return totals.Totals(None, None, None, None, None, None, incomplete=True)
    cash = said.deposit
    return totals.Totals(
        securities_value=None if cash is None else said.estimated_assets - cash,
        cash_value=cash,
        total_value=said.estimated_assets,
        net_assets=said.estimated_assets,
        profit_loss=said.profit_loss,
        return_rate=None,
        incomplete=False,
    )
