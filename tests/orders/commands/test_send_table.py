"""The table of the send: what the broker does, the state after it, and how many requests it saw. A cell a test.

Whatever happens, nothing is sent a second time once a byte of the first may have left, not by the resolver either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from orders import crash_points, gateway, reconciliation
from orders.commands import submit
from orders.crash_points import CrashPoint
from orders.models import KisConnection, Order, OrderCommand
from tests.orders.broker import Answer, Broker, body
from tests.orders.commands import wire as deeds
from tests.orders.commands.samples import ACCEPTED, asked
from tests.orders.commands.wire import Deed, Wire, running_wire
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db


def refused(code: str, rt_cd: str = "1") -> Answer:
    return body(rt_cd=rt_cd, msg_cd=code, msg1="거절 사유".ljust(80))


def failed(status: int, code: str = "", text: bytes | None = None) -> Answer:
    return status, refused(code)[1] if text is None else text


BUSINESS = ["APBK0344", "APBK0656", "APBK0918", "APBK0919", "APBK0927", "APBK0963", "APBK1664", "APBK3009", "KIER3672"]
GATEWAY = ["EGW00121", "EGW00123", "EGW00201"]
ANSWERED: dict[str, tuple[Answer | None, str]] = {
    "200, rt_cd 0, a number": (ACCEPTED, "ACKED"),
    **{f"200, rt_cd 1, {code}": (refused(code), "REJECTED") for code in BUSINESS},
    **{f"200, rt_cd 7, {code}": (refused(code, "7"), "REJECTED") for code in BUSINESS},
    **{f"200, {code}": (refused(code), "UNKNOWN") for code in GATEWAY},
    **{f"500, {code}": (failed(500, code), "UNKNOWN") for code in GATEWAY},
    "200, rt_cd 0, no number": (body(rt_cd="0", msg_cd="APBK1711", msg1="", output={}), "UNKNOWN"),
    "200, rt_cd 0, no output": (body(rt_cd="0", msg_cd="APBK1711", msg1=""), "UNKNOWN"),
    "200, rt_cd 0, a number that is none": (
        body(rt_cd="0", msg_cd="", msg1="", output={"OVRS_RSVN_ODNO": "N/A"}),
        "UNKNOWN",
    ),
    "200, rt_cd 9, a listed code": (refused("APBK0927", "9"), "UNKNOWN"),
    "200, no rt_cd": (body(msg_cd="APBK0927", msg1=""), "UNKNOWN"),
    "200, a blank code": (refused(""), "UNKNOWN"),
    "200, a code never seen": (refused("APBK9999"), "UNKNOWN"),
    "200, another gateway code": (refused("EGW00001"), "UNKNOWN"),
    "200, a page": ((200, b"<html>maintenance</html>"), "UNKNOWN"),
    "200, nothing": ((200, b""), "UNKNOWN"),
    "200, a list": ((200, b"[]"), "UNKNOWN"),
    "200, cut json": ((200, b'{"rt_cd":"0","outp'), "UNKNOWN"),
    "302": (failed(302, text=b""), "UNKNOWN"),
    "400, a listed code": (failed(400, "APBK0927"), "UNKNOWN"),
    "403": (failed(403, "EGW00133"), "UNKNOWN"),
    "429": (failed(429, text=b""), "UNKNOWN"),
    "500, blank": (failed(500, text=b""), "UNKNOWN"),
    "500, a blank code": (failed(500), "UNKNOWN"),
    "500, a listed code": (failed(500, "APBK0927"), "UNKNOWN"),
    "500, accepted": ((500, ACCEPTED[1]), "UNKNOWN"),
    "502, a page": (failed(502, text=b"<html>Bad Gateway</html>"), "UNKNOWN"),
    "503": (failed(503, text=b""), "UNKNOWN"),
    "the connection closed without a word": (None, "UNKNOWN"),
}


@pytest.mark.parametrize(("answer", "state"), ANSWERED.values(), ids=ANSWERED.keys())
def test_an_answer_makes_its_state_and_was_asked_for_once(
    desk: Desk,
    broker: Broker,
    reserved: Order,
    clock: time_machine.Traveller,
    answer: Answer | None,
    state: str,
) -> None:
    broker.reply("order-resv-ccnl", answer)
    command = submit(asked(desk, reserved))
    assert (command.state, command.sends, len(broker.orders)) == (state, 1, 1)
    assert command.raw_answer == ((answer[1] or None) if answer else None)
    for _ in range(6):
        clock.shift(timedelta(seconds=40))
        now = datetime.now(UTC)
        reconciliation.recover(now)
        reconciliation.resolve_due(now)
    assert len(broker.orders) == 1


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("code", GATEWAY)
def test_where_the_connection_says_so_a_refusal_of_the_gateway_is_a_refusal(
    desk: Desk,
    broker: Broker,
    reserved: Order,
    code: str,
    status: int,
) -> None:
    """REJECTED, not NOT_SENT: bytes left, and it was the other side that said no. The lists are looked at once."""
    KisConnection.objects.update(egw_refusals_prove=True)
    broker.reply("order-resv-ccnl", failed(status, code))
    command = submit(asked(desk, reserved))
    assert (command.state, command.reason_code, len(broker.orders)) == ("REJECTED", code, 1)
    assert command.reason == "거절 사유"
    assert command.next_ask_at is not None


@pytest.mark.parametrize("code", ["", "EGW00001", "EGW00133", "APBK9999"])
def test_that_setting_is_about_three_codes_alone(
    desk: Desk,
    broker: Broker,
    reserved: Order,
    code: str,
) -> None:
    KisConnection.objects.update(egw_refusals_prove=True)
    broker.reply("order-resv-ccnl", failed(500, code))
    assert submit(asked(desk, reserved)).state == "UNKNOWN"


@pytest.fixture
def line(desk: Desk, reserved: Order) -> Iterator[Wire]:
    """The token is at hand, then the address is another one."""
    del reserved
    gateway.token_source(desk.connection, gateway.config(desk.connection))()
    with running_wire() as running:
        KisConnection.objects.update(rest_url=running.url)
        yield running


ON_THE_WIRE: dict[str, tuple[Deed, str]] = {
    "closes": (lambda _peer: None, "reset"),
    "resets": (deeds.reset, "reset"),
    "half an answer": (deeds.half_an_answer, "reset"),
    "something that is no HTTP": (deeds.no_http, "reset"),
    "says nothing for five seconds": (deeds.silence, "timeout"),
    "answers a byte at a time": (deeds.drip, "timeout"),
}


@pytest.mark.parametrize(("deed", "reason"), ON_THE_WIRE.values(), ids=ON_THE_WIRE.keys())
def test_whatever_happens_after_the_request_left_is_unknown(
    desk: Desk,
    reserved: Order,
    line: Wire,
    deed: Deed,
    reason: str,
) -> None:
    line.deed = deed
    began = datetime.now(UTC)
    command = submit(asked(desk, reserved))
    assert (command.state, command.reason, command.sends) == ("UNKNOWN", reason, 1)
    assert len(line.requests) == 1
    assert datetime.now(UTC) - began < timedelta(seconds=6.5)


NOT_SENT: dict[str, Callable[[Wire], str]] = {
    "a name that does not resolve": lambda _line: "http://kis.invalid:9443",
    "nobody listens": lambda _line: "http://127.0.0.1:9",
    "no TLS at the other end": lambda line: line.url.replace("http:", "https:"),
}


@pytest.mark.parametrize("address", NOT_SENT.values(), ids=NOT_SENT.keys())
def test_what_fails_before_the_first_byte_is_tried_twice_and_then_not_sent(
    desk: Desk,
    reserved: Order,
    line: Wire,
    address: Callable[[Wire], str],
) -> None:
    KisConnection.objects.update(rest_url=address(line))
    command = submit(asked(desk, reserved))
    assert (command.state, command.sends, line.requests) == ("NOT_SENT", 2, [])
    assert (command.raw_answer, command.next_ask_at) == (None, None)


class _Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def killed_at() -> Iterator[Callable[[CrashPoint], None]]:
    def install(wanted: CrashPoint) -> None:
        def hook(point: CrashPoint) -> None:
            if point is wanted:
                raise _Killed

        crash_points.install(hook)

    yield install
    crash_points.install(None)


DIED: dict[CrashPoint, tuple[str, str, int]] = {
    CrashPoint.COMMAND_CREATED: ("CREATED", "EXPIRED", 0),
    CrashPoint.COMMAND_CHECKING: ("CREATED", "EXPIRED", 0),
    CrashPoint.COMMAND_READY: ("READY", "EXPIRED", 0),
    CrashPoint.COMMAND_CLAIMING: ("READY", "EXPIRED", 0),
    CrashPoint.COMMAND_CLAIMED: ("SENDING", "UNKNOWN", 0),
    CrashPoint.COMMAND_ANSWERED: ("SENDING", "UNKNOWN", 1),
    CrashPoint.COMMAND_RECORDING: ("SENDING", "UNKNOWN", 1),
    CrashPoint.COMMAND_RECORDED: ("ACKED", "ACKED", 1),
}


@pytest.mark.parametrize("point", DIED)
def test_a_process_that_dies_leaves_a_state_that_says_what_may_have_happened(
    desk: Desk,
    broker: Broker,
    reserved: Order,
    killed_at: Callable[[CrashPoint], None],
    point: CrashPoint,
) -> None:
    found, after, requests = DIED[point]
    broker.reply("order-resv-ccnl", ACCEPTED)
    killed_at(point)
    with pytest.raises(_Killed):
        submit(asked(desk, reserved))
    assert OrderCommand.objects.get().state == found
    reconciliation.recover(datetime.now(UTC) + timedelta(seconds=31))
    assert (OrderCommand.objects.get().state, len(broker.orders)) == (after, requests)
