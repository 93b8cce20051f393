"""Steps of the market: orders from elsewhere, fills, other people's requests, and what the line does to notices."""

from __future__ import annotations

import base64
from datetime import timedelta
from decimal import Decimal

from accounts import access, clock
from accounts.models import Assignment, ClientAccount
from orders import lease
from orders.crash_points import CrashPoint
from orders.domain.events import Market, RequestKind, Side
from orders.kis.simulator.book import SimOrder, Ticket
from orders.kis.simulator.instruments import KRX, US
from tests.orders.histories.broker import KIM_ACCOUNT, LEE_ACCOUNT, Told
from tests.orders.histories.world import World

NOTICE_POINTS = (
    CrashPoint.NOTICE_RECEIVED,
    CrashPoint.NOTICE_KEPT,
    CrashPoint.NOTICE_APPLYING,
    CrashPoint.NOTICE_APPLIED,
)
Numbers = tuple[int, int, int]


def _ticket(numbers: Numbers, market: Market) -> Ticket:
    which, quantity, price = numbers
    instrument = (KRX if market is Market.KRX else US)[which % 3]
    side = (Side.BUY, Side.SELL)[which % 2]
    away = instrument.tick * (price % 5)
    account = (KIM_ACCOUNT, LEE_ACCOUNT)[price % 2]
    return Ticket(account, market, instrument, side, Decimal(1 + quantity % 20), instrument.price + away, "HTS")


def new_order(world: World, numbers: Numbers) -> None:
    """Somebody gives an order at the broker: in the US daytime session, or in Seoul."""
    desk = world.broker.simulator.desk
    market = Market.KRX if numbers[2] % 4 == 3 else Market.US_DAYTIME
    if desk.is_open(market):
        desk.place(_ticket(numbers, market))


def reserve(world: World, numbers: Numbers) -> None:
    desk = world.broker.simulator.desk
    if desk.is_open(Market.US_RESERVED):
        desk.reserve(_ticket(numbers, Market.US_RESERVED))


def _open(world: World) -> list[SimOrder]:
    return [order for order in world.broker.orders if order.leaves > 0]


def _pick(world: World, which: int) -> SimOrder | None:
    orders = _open(world)
    return orders[-1 - which % len(orders)] if orders else None


def fill(world: World, numbers: Numbers) -> None:
    """A part of an order, a quarter of the time all that is left of it."""
    order = _pick(world, numbers[0])
    if order is not None:
        quantity = order.leaves if numbers[1] % 4 == 0 else Decimal(1 + numbers[1] % max(1, int(order.leaves)))
        _fill(world, order, quantity, numbers[2])


def fill_twice(world: World, numbers: Numbers) -> None:
    """Two equal fills in one second: two facts that look like one."""
    order = _pick(world, numbers[0])
    if order is not None:
        quantity = Decimal(1 + numbers[1] % max(1, int(order.leaves) // 2))
        _fill(world, order, quantity, numbers[2])
        _fill(world, order, quantity, numbers[2])


def _fill(world: World, order: SimOrder, quantity: Decimal, better: int) -> None:
    price = order.ticket.price - order.ticket.instrument.tick * (better % 3)
    world.broker.simulator.desk.book.fill(order, quantity, price, clock.now())


def refuse_new(world: World, numbers: Numbers) -> None:
    """The exchange refuses an order that it has not confirmed."""
    fresh = [o for o in world.broker.orders if o.kind is RequestKind.NEW and not (o.working or o.is_over or o.filled)]
    if fresh:
        world.broker.simulator.desk.book.reject(fresh[numbers[0] % len(fresh)], "가격제한폭 초과", clock.now())


def cancel_elsewhere(world: World, numbers: Numbers) -> None:
    order = _pick(world, numbers[0])
    if order is not None and order.working:
        world.broker.simulator.desk.ask(order, RequestKind.CANCEL, _part(order.leaves, numbers[1]), Decimal(0))


def modify_elsewhere(world: World, numbers: Numbers) -> None:
    order = _pick(world, numbers[0])
    if order is not None and order.working:
        price = order.ticket.price + order.ticket.instrument.tick * (1 + numbers[2] % 5)
        world.broker.simulator.desk.ask(order, RequestKind.MODIFY, _part(order.leaves, numbers[1]), price)


def _part(leaves: Decimal, number: int) -> Decimal:
    return leaves if number % 3 else Decimal(1 + number % max(1, int(leaves)))


def hold(world: World, _numbers: Numbers) -> None:
    """From here on notices wait on the line."""
    world.hold()


def release(world: World, _numbers: Numbers) -> None:
    world.release()


def arrive(world: World, numbers: Numbers) -> None:
    world.arrive(1 + numbers[0] % 3)


def drop(world: World, numbers: Numbers) -> None:
    """A notice that KIS never sends again."""
    if world.line:
        world.line.pop(numbers[0] % len(world.line))


def reorder(world: World, numbers: Numbers) -> None:
    if len(world.line) > 1:
        at = numbers[0] % len(world.line)
        world.line.insert(numbers[1] % len(world.line), world.line.pop(at))


def duplicate(world: World, numbers: Numbers) -> None:
    """One frame twice in one session: KIS gives no number that would tell it from two equal fills."""
    if world.heard:
        again = world.heard[-1 - numbers[0] % min(4, len(world.heard))]
        world.line.append(again)
        if again.is_fill:
            world.doubled.add(again.number)


def batch(world: World, _numbers: Numbers) -> None:
    """What waits on the line comes in frames of several records."""
    while world.line:
        same = [told for told in world.line if told.tr_id == world.line[0].tr_id][:5]
        world.line = [told for told in world.line if told not in same]
        world.heard += same
        world.guarded(lambda same=same: world.record(same))  # type: ignore[misc]  # bound at once


def widen(world: World, _numbers: Numbers) -> None:
    """KIS appends a column or two."""
    if world.line:
        told = world.line[0]
        world.line[0] = Told(told.tr_id, f"{told.text}^^later^30", told.number, told.is_fill)


def garble(world: World, _numbers: Numbers) -> None:
    """A frame that cannot be opened: it is kept, and what it said is lost."""
    if world.line:
        lost = world.line.pop(0)
        noise = base64.b64encode(bytes(48)).decode()
        world.guarded(lambda: world.record_raw(f"1|{lost.tr_id}|001|{noise}".encode()))


def forge(world: World, _numbers: Numbers) -> None:
    """A notice in the clear: somebody else on the line."""
    fills = [told for told in world.heard if told.is_fill]
    if fills:
        world.guarded(lambda: world.record_raw(f"0|{fills[-1].tr_id}|001|{fills[-1].text}".encode()))


def crash_on_notice(world: World, numbers: Numbers) -> None:
    if world.line:
        world.crash_at = NOTICE_POINTS[numbers[0] % len(NOTICE_POINTS)]
        world.arrive(1)
        world.crash_at = None


def reconnect(world: World, numbers: Numbers) -> None:
    """A new session; the broker may tell again what it told in the last one."""
    told = world.heard[-(numbers[0] % 4) :] if numbers[0] % 4 else []
    world.line.clear()
    world.guarded(world.new_session)
    world.line += told
    world.retold.update(one.number for one in told if one.is_fill)


def take_over(world: World, numbers: Numbers) -> None:
    """The process that holds the lease is stopped; another one takes it; the first wakes up and goes on."""
    before = world.epoch
    world.advance(lease.LASTS.total_seconds() + 1 + numbers[0] % 30)
    world.start_process()
    if world.heard:
        world.record_as_zombie(world.heard[-1], before)


def reassign(world: World, _numbers: Numbers) -> None:
    """An account goes to another person, or comes back."""
    lee = world.people[1]
    account = ClientAccount.objects.order_by("-pk")[0]
    today = clock.today().date()
    if access.visible_accounts(lee).filter(pk=account.pk).exists():
        Assignment.objects.filter(user=lee, account=account).update(valid_to=today - timedelta(days=1))
    else:
        Assignment.objects.filter(user=lee, account=account).update(valid_to=None)
    access.rights_changed(lee.pk)
