"""확인할 일: what a person has to look at, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import access
from accounts.clock import KST
from accounts.models import Firm, Holding, RunState, Slot, SyncRun, User
from accounts.serializers import Expectation
from orders import queries, rehearsals
from orders.domain.command_state import CommandState
from orders.domain.order_state import OrderStatus
from orders.models import Order, OrderCommand

CREDIT_NOTICE = timedelta(days=7)
MOST = 20
DUE_BY = {Slot.EVENING: time(23), Slot.CONFIRM: time(8, 25), Slot.KIS: time(8, 25)}  # Korean time
FINISHED = (RunState.DONE, RunState.DONE_WITH_FAILURES)


def items(user: User, now: datetime) -> list[dict[str, Any]]:
    """Each with its kind, a sentence, where to look, and how old it is."""
    found = [
        *_unknown(user, now),
        *_of_orders(user, now),
        *_stopped_firms(user),
        *_not_run(now),
        *_not_rehearsed(user, now),
        *_stale(user, now),
        *_credit(user, now),
    ]
    return found[:MOST]


def _item(kind: str, text: str, url: str, since: datetime | None = None, now: datetime | None = None) -> dict[str, Any]:
    age = _age(now - since) if since is not None and now is not None else ""
    return {"kind": kind, "text": text, "url": url, "age": age}


def _age(span: timedelta) -> str:
    minutes = max(int(span.total_seconds()) // 60, 0)
    if minutes < 60:
        return _("%(n)s분") % {"n": minutes}
    return _("%(n)s시간") % {"n": minutes // 60}


def _unknown(user: User, now: datetime) -> Iterator[dict[str, Any]]:
    states = (CommandState.UNKNOWN.value, CommandState.ESCALATED.value)
    commands = OrderCommand.objects.filter(order__account__in=access.visible_accounts(user), state__in=states)
    for command in commands.defer("raw_answer").select_related("order").order_by("created_at")[:MOST]:
        name = command.order.name or command.order.symbol
        text = _("%(name)s %(type)s 결과 미확인") % {"name": name, "type": command.get_type_display()}
        yield _item("unknown", text, f"/orders/{command.order_id}/", command.created_at, now)


def _of_orders(user: User, now: datetime) -> Iterator[dict[str, Any]]:
    """Refusals of the last day, and orders whose books do not agree or whose state nobody has seen before."""
    refused = Q(status__in=(OrderStatus.REJECTED, OrderStatus.NOT_SENT), transact_time__gte=now - queries.BLOTTER_SPAN)
    odd = Q(needs_person=True) | ~Q(alarm="")
    orders = Order.objects.shown().filter(refused | odd, account__in=access.visible_accounts(user))
    for order in orders.order_by("-transact_time")[:MOST]:
        name = order.name or order.symbol
        if order.status in {OrderStatus.REJECTED, OrderStatus.NOT_SENT}:
            # A list of the broker may say that an order was refused, and not why.
            reason = order.reason or order.status_text
            text = ": ".join(part for part in (_("%(name)s 거부") % {"name": name}, reason) if part)
            yield _item("rejected", text, f"/orders/{order.pk}/", order.transact_time, now)
        else:
            text = _("%(name)s 주문을 증권사와 맞춰 보아야 합니다") % {"name": name}
            yield _item("break", text, f"/orders/{order.pk}/", order.transact_time, now)


def _stopped_firms(user: User) -> Iterator[dict[str, Any]]:
    """A firm that is stopped stays so until operations release it."""
    firms = Firm.objects.filter(active=True, stopped_at__isnull=False)
    if not user.sees_everything:
        firms = firms.filter(accounts__in=access.visible_accounts(user)).distinct()
    for firm in firms:
        text = _("%(firm)s 수신 중지: %(reason)s") % {"firm": firm.name, "reason": firm.stopped_reason}
        yield _item("stopped", text, "/sync/")


def _not_run(now: datetime) -> Iterator[dict[str, Any]]:
    """ "It did not run" is an alarm of its own; not for the time before this installation first synced."""
    for slot, due in DUE_BY.items():
        runs = SyncRun.objects.filter(slot__in=(slot,) if slot == Slot.KIS else (Slot.EVENING, Slot.CONFIRM))
        first = runs.order_by("started_at").values_list("started_at", flat=True).first()
        deadline = _latest(due, now)
        done = SyncRun.objects.filter(slot=slot, calendar_date=deadline.date(), state__in=FINISHED).exists()
        if first is not None and first < deadline and not done:
            text = _("%(slot)s 동기화가 %(due)s까지 끝나지 않았습니다")
            facts = {"slot": Slot(slot).label, "due": deadline.strftime("%m-%d %H:%M")}
            yield _item("not_run", text % facts, "/sync/", deadline, now)


def _not_rehearsed(user: User, now: datetime) -> Iterator[dict[str, Any]]:
    """The kill switch's list is not proved today: operations find out why."""
    if user.sees_everything and rehearsals.is_late(now):
        yield _item("not_rehearsed", _("오늘 킬 스위치 연습이 일치하지 않았거나 돌지 않았습니다"), "/orders/switches/")


def _latest(due: time, now: datetime) -> datetime:
    """The last time that the Korean clock showed this."""
    at = datetime.combine(now.astimezone(KST).date(), due, KST)
    return at if at <= now else at - timedelta(days=1)


def _stale(user: User, now: datetime) -> Iterator[dict[str, Any]]:
    expected = Expectation.at(now).business_date
    accounts = access.visible_accounts(user).filter(kis=None, firm__active=True, business_date__lt=expected)
    count = accounts.count()
    if count:
        text = ngettext("잔고가 지난 자료인 계좌 %(n)s개", "잔고가 지난 자료인 계좌 %(n)s개", count) % {"n": count}
        yield _item("stale", text, "/sync/")


def _credit(user: User, now: datetime) -> Iterator[dict[str, Any]]:
    """Margin positions that fall due within a week, as of the published balances."""
    day = now.astimezone(KST).date()
    due = Holding.objects.filter(
        snapshot=F("snapshot__account__balance"),
        snapshot__account__in=access.visible_accounts(user),
        credit_type__isnull=False,
        maturity_date__range=(day, day + CREDIT_NOTICE),
    )
    for row in due.select_related("snapshot__account").order_by("maturity_date")[:MOST]:
        account = row.snapshot.account
        facts = {"account": account.alias or account.masked_number, "name": row.name, "day": row.maturity_date}
        text = _("%(account)s %(name)s 신용 만기 %(day)s") % facts
        yield _item("credit", text, f"/accounts/{account.pk}/")
