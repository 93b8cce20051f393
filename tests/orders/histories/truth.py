"""The portal against the order engine: what every order and command has to be once nothing is on its way any more."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from orders.domain.command_state import LIVE, CommandState
from orders.domain.events import RequestKind
from orders.kis.simulator.book import SimOrder
from orders.models import CommandType, Order, OrderCommand, OrderNumber
from tests.orders.histories.invariants import figures
from tests.orders.histories.world import World

ZERO = Decimal(0)
ROUNDS = (4, 15, 46, 61, 61, 61, 61, 61)  # seconds to wait while the books do not agree
UNSETTLED = "the broker has settled it"
DID_NOTHING = frozenset(
    {
        CommandState.REJECTED,
        CommandState.NOT_APPLIED,
        CommandState.NOT_SENT,
        CommandState.DENIED,
        CommandState.EXPIRED,
        CommandState.TOO_LATE,
    }
)


def quiet(world: World) -> None:
    """Nothing new happens, every road is open again: the books have to agree. Raises AssertionError."""
    world.release()
    world.broker.lagging = world.broker.inquiries_fail = False
    world.crash_at = world.between = None
    world.tick(1)
    world.tick(1)
    found = differences(world)
    for pause in ROUNDS:
        if not found:
            break
        world.tick(pause)
        world.guarded(world.sweep)
        world.listen()
        found = differences(world)
    assert not found, "; ".join(found)
    _browsers(world)


def differences(world: World) -> list[str]:
    return [*_orders(world), *_commands(world)]


def _orders(world: World) -> Iterator[str]:
    owners = _owners()
    sums: dict[int, list[SimOrder]] = {}
    for order in world.broker.orders:
        owner = owners.get((order.ticket.account.number, order.family.value, order.number))
        if owner is not None:
            sums.setdefault(owner, []).append(order)
        elif order.filled or order.kind is RequestKind.NEW:
            yield f"order {order.number} is not known"
    for row in Order.objects.filter(merged_into=None):
        yield from _order(world, row, sums.get(row.pk, []))
    yield from _reservations(world, owners)


def _owners() -> dict[tuple[str, str, int], int]:
    rows = OrderNumber.objects.select_related("account")
    return {(str(row.account.number)[:8], row.family, row.number): row.order_id for row in rows}


def _order(world: World, row: Order, chain: list[SimOrder]) -> Iterator[str]:
    filled = sum((order.filled for order in chain), ZERO)
    amount = sum((order.amount for order in chain), ZERO)
    if row.cum_qty != filled or row.cum_amount != amount:
        yield f"order {row.pk}: {row.cum_qty} for {row.cum_amount}, broker {filled} for {amount} {figures(row.pk)}"
    if row.cum_qty > row.order_qty and row.quantity_known:
        yield f"order {row.pk} is more than full"
    left = sum((order.leaves for order in chain), ZERO)
    if chain and row.leaves_qty != left:
        yield f"order {row.pk}: {row.status}, {row.leaves_qty} left, broker {left}"
    if chain and row.is_open != any(not _over(order) for order in chain):
        yield f"order {row.pk} is {row.status}, broker's {[(o.number, o.leaves, o.kind.value) for o in chain]}"


def _over(order: SimOrder) -> bool:
    return (order.kind is not RequestKind.NEW and order.leaves == ZERO) or order.is_over


def _reservations(world: World, owners: dict[tuple[str, str, int], int]) -> Iterator[str]:
    for reservation in world.broker.simulator.desk.reservations.rows:
        owner = owners.get((reservation.ticket.account.number, "RESERVED", reservation.number))
        if owner is None:
            yield f"reservation {reservation.number} is not known"
            continue
        status = Order.objects.get(pk=owner).status
        if reservation.canceled != (status == "CANCELED") and reservation.sent is None:
            yield f"reservation {reservation.number} is {status}, canceled {reservation.canceled}"


def _commands(world: World) -> Iterator[str]:
    reached = {request.uid: request for request in world.broker.reached}
    for command in OrderCommand.objects.select_related("order"):
        request = reached.get(command.gt_uid or "")
        own = request.child if request else None
        alike = _alike(world, command, own)
        if alike and CommandState(command.state) not in LIVE and _fits(command, own, alike):
            continue
        yield from (
            f"command {command.pk} {command.type} is {command.state}: {text}"
            for text in _said(command, own)
            if not (text is UNSETTLED and command.state == CommandState.ESCALATED and alike)
        )


def _fits(command: OrderCommand, own: SimOrder | None, alike: list[SimOrder]) -> bool:
    """One of the requests that nobody can tell apart was this one; or they did together what it asked for.

    What says that nothing was done is wrong all the same where this one's own request did something.
    """
    if own is not None and own.working and command.state in DID_NOTHING:
        return False
    asked_for = [one for one in (own, *alike) if one is not None and one.working]
    together = command.state == CommandState.CONFIRMED and command.type == CommandType.CANCEL
    if together and sum((one.ticket.qty for one in asked_for), ZERO) >= _asked(command):
        return True
    return any(not list(_said(command, one)) for one in alike)


def _alike(world: World, command: OrderCommand, own: SimOrder | None) -> list[SimOrder]:
    """Requests of others that look like one that had no answer: nobody outside the broker can tell them from it.

    With one of them the command may stay a person's.
    """
    if command.broker_order_id:
        return []
    number = int(command.pre_image["number"])
    return [
        other
        for other in world.broker.orders
        if other.original == number
        and other is not own
        and other.kind.value == command.type
        and other.number not in command.pre_image["children"]
        and other.ticket.qty <= _asked(command)
        and command.price in {None, other.ticket.price}
    ]


def _said(command: OrderCommand, child: SimOrder | None) -> Iterator[str]:
    """What speaks against the command's state if this was its request at the exchange."""
    done = child.ticket.qty if child is not None and child.working else ZERO
    state = CommandState(command.state)
    if done and state in DID_NOTHING:
        yield f"{done} were done under {child.number if child else 0}"
    if state is CommandState.CONFIRMED and done and done < _asked(command):
        yield f"only {done} were done"
    if state is CommandState.PARTIALLY_CONFIRMED and done and done >= _asked(command):
        yield "all of it was done"
    if state in {CommandState.CONFIRMED, CommandState.PARTIALLY_CONFIRMED} and not (done or _by_others(command)):
        yield "nothing was done"
    if child is not None and (child.working or child.rejected) and state in LIVE:
        yield UNSETTLED
    if state in {CommandState.CREATED, CommandState.READY, CommandState.SENDING}:
        yield "nobody carries it on"


def _by_others(command: OrderCommand) -> bool:
    """A cancel that somebody else's cancel made true; of a reservation its own status is checked elsewhere."""
    return command.type == CommandType.CANCEL and not command.order.leaves_qty


def _asked(command: OrderCommand) -> Decimal:
    return Decimal(command.pre_image["leaves_qty"]) if command.quantity is None else command.quantity


def _browsers(world: World) -> None:
    for browser in world.browsers:
        browser.follow()
        listed = {str(row["id"]): row for row in browser.listed()}
        for key in browser.rows.keys() | listed.keys():
            seen, held = browser.rows.get(key, {}), listed.get(key, {})
            wrong = {name: (seen.get(name), held.get(name)) for name in seen | held if seen.get(name) != held.get(name)}
            assert not wrong, f"{browser.user} sees of order {key} (seen, held): {wrong}"
