"""Steps of people and of the processes that serve them: commands, inquiries, crashes, and time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from accounts import clock
from orders import inquiries, reconciliation
from orders.commands import CommandRequest
from orders.crash_points import CrashPoint
from orders.domain.command_state import CommandState
from orders.models import CommandType, KisAccount, Order, OrderCommand
from tests.orders.histories.faults import FAULTS
from tests.orders.histories.market_steps import Numbers, fill
from tests.orders.histories.world import World

FAULT_NAMES = tuple(FAULTS)
COMMAND_POINTS = (
    CrashPoint.COMMAND_CREATED,
    CrashPoint.COMMAND_CHECKING,
    CrashPoint.COMMAND_READY,
    CrashPoint.COMMAND_CLAIMING,
    CrashPoint.COMMAND_CLAIMED,
    CrashPoint.COMMAND_ANSWERED,
    CrashPoint.COMMAND_RECORDING,
    CrashPoint.COMMAND_RECORDED,
)
# Where no transaction is open, another process may do something in between.
GAPS = (
    CrashPoint.COMMAND_CREATED,
    CrashPoint.COMMAND_READY,
    CrashPoint.COMMAND_CLAIMED,
    CrashPoint.COMMAND_ANSWERED,
    CrashPoint.COMMAND_RECORDED,
)
RESOLVER_POINTS = (
    CrashPoint.RESOLVER_TAKEN,
    CrashPoint.RESOLVER_ANSWERED,
    CrashPoint.RESOLVER_JUDGING,
    CrashPoint.BOOKS_APPLYING,
)


def _asked(world: World, numbers: Numbers) -> CommandRequest | None:
    """What a person sees and asks: mostly of the newest orders, sometimes with a version that is old."""
    orders = list(Order.objects.shown().open().order_by("-pk")[:4])
    if not orders:
        return None
    order = orders[numbers[0] % len(orders)]
    modify = numbers[1] % 5 > 2 and order.market != "US_RESERVED"
    part = numbers[1] % 4 == 0 and order.leaves_qty > 1 and order.market != "US_RESERVED"
    return CommandRequest(
        user=world.people[numbers[1] % 8 == 7],
        address="127.0.0.1",
        order_id=order.pk,
        type=CommandType.MODIFY if modify else CommandType.CANCEL,
        intent=UUID(int=len(world.intents) + 1),
        expected_version=order.version - (numbers[2] % 16 == 15),
        quantity=Decimal(1 + numbers[1] % int(order.leaves_qty)) if part else None,
        price=(order.price or Decimal(100)) + Decimal(1 + numbers[2] % 5) if modify else None,
        fresh_factor=True,
    )


def _ask(world: World, request: CommandRequest | None) -> OrderCommand | None:
    if request is None:
        return None
    world.intents.append(request)
    return world.submit(request)


def command(world: World, numbers: Numbers) -> None:
    _ask(world, _asked(world, numbers))


def faulty_command(world: World, numbers: Numbers) -> None:
    """A command whose request meets a fault on the road."""
    world.broker.fault = FAULTS[FAULT_NAMES[numbers[2] % len(FAULT_NAMES)]]
    _ask(world, _asked(world, numbers))
    world.broker.fault = FAULTS["none"]


def unreachable_command(world: World, numbers: Numbers) -> None:
    """Nobody listens, once or twice."""
    world.broker.refuse_connections = 1 + numbers[2] % 2
    _ask(world, _asked(world, numbers))
    world.broker.refuse_connections = 0


def same_intent(world: World, numbers: Numbers) -> None:
    """The key of an intent comes again, as a double click or a retried request brings it."""
    if not world.intents:
        return
    request = world.intents[-1 - numbers[0] % len(world.intents)]
    known = OrderCommand.objects.filter(actor=request.user, intent=request.intent).first()
    found = world.submit(request)
    if known is not None and found is not None:
        assert found.pk == known.pk, "one intent, two commands"


def crashing_command(world: World, numbers: Numbers) -> None:
    """The process that serves the person ends at a named place."""
    world.crash_at = COMMAND_POINTS[numbers[2] % len(COMMAND_POINTS)]
    _ask(world, _asked(world, numbers))
    world.crash_at = None


def crossed_command(world: World, numbers: Numbers) -> None:
    """Something else happens between two steps of a command."""
    request = _asked(world, numbers)
    if request is None:
        return
    others: tuple[Callable[[], None], ...] = (
        lambda: same_intent(world, (0, 0, 0)),
        lambda: command(world, (numbers[0], numbers[1] + 1, 0)),
        lambda: fill(world, (0, numbers[1], 0)),
        lambda: filled_at_once(world),
        lambda: world.tick((1, 6, 16, 31)[numbers[1] % 4]),
        lambda: supersede(world, numbers),
    )
    world.between = (GAPS[numbers[2] % len(GAPS)], others[numbers[1] % len(others)])
    _ask(world, request)
    world.between = None


def filled_at_once(world: World) -> None:
    """The newest order is filled to the last share, and its notice is here already."""
    fill(world, (0, 0, 0))
    world.listen()


def supersede(world: World, numbers: Numbers) -> None:
    """A person steps over a command that waits for its answer; too early is refused."""
    waiting = list(OrderCommand.objects.filter(state__in=[CommandState.UNKNOWN, CommandState.ESCALATED]))
    if not waiting:
        return
    old = waiting[numbers[0] % len(waiting)]
    request = CommandRequest(
        user=old.actor,
        address="127.0.0.1",
        order_id=old.order_id,
        type=CommandType.CANCEL,
        intent=UUID(int=len(world.intents) + 1),
        expected_version=old.order.version,
        supersedes=old.pk,
        fresh_factor=True,
    )
    if numbers[1] % 2:
        world.broker.fault = FAULTS[FAULT_NAMES[numbers[2] % len(FAULT_NAMES)]]
    _ask(world, request)
    world.broker.fault = FAULTS["none"]


def inquire(world: World, numbers: Numbers) -> None:
    """Somebody asks for an account's lists now."""
    rows = list(KisAccount.objects.select_related("account"))
    world.guarded(lambda: inquiries.inquire(rows[numbers[0] % len(rows)].account))


def lag(world: World, _numbers: Numbers) -> None:
    """The lists stand still, or catch up."""
    if world.broker.lagging:
        world.broker.lagging = False
    else:
        world.broker.lag()


def silence(world: World, _numbers: Numbers) -> None:
    """The lists give no answer, or do again."""
    world.broker.inquiries_fail = not world.broker.inquiries_fail


def crash_resolver(world: World, numbers: Numbers) -> None:
    world.crash_at = RESOLVER_POINTS[numbers[0] % len(RESOLVER_POINTS)]

    def ask() -> None:
        reconciliation.resolve_due(clock.now())
        world.sweep()

    world.guarded(ask)
    world.crash_at = None


def second(world: World, _numbers: Numbers) -> None:
    world.tick(1)


def seconds(world: World, _numbers: Numbers) -> None:
    world.tick(5)


def minute(world: World, _numbers: Numbers) -> None:
    world.tick(60)


def minutes(world: World, _numbers: Numbers) -> None:
    world.tick(200)


def session_end(world: World, _numbers: Numbers) -> None:
    """Eight hours: the daytime session is over, its orders run out. Nobody tells again what was told before it."""
    world.heard.clear()
    for _ in range(16):
        world.advance(1800)
        world.broker.simulator.desk.work()
    world.tick(1)
