"""From rows to requests: whose credentials, at what pace, and the one wire request of a command."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from orders import gateway
from orders.commands import pre_image
from orders.kis.errors import UnsupportedError
from orders.kis.tr_ids import Environment
from orders.kis.translate import Accepted
from orders.models import KisConnection, OrderCommand
from orders.token_store import DatabaseTokenStore
from tests.factories import (
    KisAccountFactory,
    KisClientFactory,
    KisConnectionFactory,
    OrderCommandFactory,
    OrderFactory,
    OrderNumberFactory,
)
from tests.orders.broker import Broker, body, running_broker

ACCEPTED = body(rt_cd="0", msg_cd="APBK0013", msg1="주문 전송 완료", output={"ODNO": "0000004336"})


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        yield running


def make_command(connection: KisConnection, market: str = "US_DAYTIME", **fields: Any) -> OrderCommand:
    """A request about number 1666 of 500 AAPL at 181.25 on 12345678-01."""
    account = KisClientFactory.create(number="12345678-01")
    KisAccountFactory.create(connection=connection, account=account)
    order = OrderFactory.create(account=account, market=market)
    OrderNumberFactory.create(order=order, number=1666)
    order.refresh_from_db()
    return OrderCommandFactory.create(order=order, pre_image=pre_image.of(order), gt_uid="g" * 32, **fields)


def sent(broker: Broker, connection: KisConnection, **fields: Any) -> tuple[str, dict[str, str], dict[str, str]]:
    """Path, headers and body of what the broker got for a command."""
    connection.rest_url = broker.url
    connection.save()
    command = make_command(connection, **fields)
    broker.reply("daytime-order-rvsecncl", ACCEPTED)
    broker.reply("order-resv-ccnl", ACCEPTED)
    request = gateway.request_for(connection, command.order, command)
    gateway.sender(command.order).send(request, command.gt_uid or "", lambda: True)
    [(path, headers, body_)] = broker.orders
    return path, {name.lower(): value for name, value in headers.items()}, body_


@pytest.mark.django_db
def test_a_connections_row_is_the_clients_configuration() -> None:
    connection = KisConnectionFactory.create(
        environment="paper", rest_url="https://openapi.example:9443/", customer_type="B", phone_number="01012345678"
    )
    config = gateway.config(connection)
    assert (config.environment, config.rest_url) == (Environment.PAPER, "https://openapi.example:9443")
    assert (config.app_key, config.hts_id, config.phone_number) == ("app-key", "desk01", "01012345678")


@pytest.mark.django_db
def test_a_daytime_cancel_names_the_number_and_all_that_is_left(broker: Broker) -> None:
    path, headers, fields = sent(broker, KisConnectionFactory.create())
    assert path.endswith("/daytime-order-rvsecncl")
    assert (headers["tr_id"], headers["custtype"], headers["authorization"]) == ("TTTS6038U", "P", "Bearer token")
    assert (fields["CANO"], fields["ACNT_PRDT_CD"]) == ("12345678", "01")
    assert (int(fields["ORGN_ODNO"]), fields["RVSE_CNCL_DVSN_CD"], fields["ORD_QTY"]) == (1666, "02", "500")
    assert (fields["PDNO"], fields["OVRS_ORD_UNPR"]) == ("AAPL", "0")


@pytest.mark.django_db
def test_a_corporate_customers_request_carries_the_commands_id(broker: Broker) -> None:
    connection = KisConnectionFactory.create(customer_type="B", phone_number="01012345678", personal_sec_key="psk")
    _, headers, _ = sent(broker, connection)
    assert (headers["custtype"], headers["gt_uid"], headers["phone_number"]) == ("B", "g" * 32, "01012345678")


@pytest.mark.django_db
def test_a_connection_may_ask_for_the_orders_own_price_in_a_cancel(broker: Broker) -> None:
    _, _, fields = sent(broker, KisConnectionFactory.create(daytime_cancel_sends_zero_price=False))
    assert fields["OVRS_ORD_UNPR"] == "181.25"


@pytest.mark.django_db
def test_a_cancel_of_a_part_sends_that_part(broker: Broker) -> None:
    _, _, fields = sent(broker, KisConnectionFactory.create(), quantity=Decimal(120))
    assert fields["ORD_QTY"] == "120"


@pytest.mark.django_db
def test_a_modify_sends_the_new_price(broker: Broker) -> None:
    _, _, fields = sent(broker, KisConnectionFactory.create(), type="modify", price=Decimal("182.50"))
    assert (fields["RVSE_CNCL_DVSN_CD"], fields["ORD_QTY"], fields["OVRS_ORD_UNPR"]) == ("01", "500", "182.5")


@pytest.mark.django_db
def test_a_reservation_is_canceled_by_its_date_and_number(broker: Broker) -> None:
    path, headers, fields = sent(broker, KisConnectionFactory.create(), market="US_RESERVED")
    assert path.endswith("/order-resv-ccnl")
    assert headers["tr_id"] == "TTTT3017U"
    assert (fields["RSVN_ORD_RCIT_DT"], int(fields["OVRS_RSVN_ODNO"])) == ("20261120", 1666)


@pytest.mark.django_db
def test_without_an_active_connection_nothing_is_sent(broker: Broker) -> None:
    command = make_command(KisConnectionFactory.create(rest_url=broker.url, active=False))
    with pytest.raises(UnsupportedError):
        gateway.sender(command.order)
    assert broker.orders == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2026, 11, 20), date(2026, 11, 19)),
        (date(2026, 11, 23), date(2026, 11, 20)),
        (date(2026, 9, 28), date(2026, 9, 23)),  # after 추석
    ],
)
def test_a_night_session_began_on_the_trading_day_before(day: date, before: date) -> None:
    assert gateway.row_sessions().evening_before(day) == before


def test_every_request_has_an_id_of_its_own() -> None:
    ids = {gateway.new_gt_uid() for _ in range(100)}
    assert len(ids) == 100
    assert {len(one) for one in ids} == {32}


@pytest.mark.django_db
def test_a_token_that_is_taken_back_meanwhile_is_not_fetched_anew_with_the_right_to_send(broker: Broker) -> None:
    connection = KisConnectionFactory.create(rest_url=broker.url)
    command = make_command(connection)
    broker.reply("daytime-order-rvsecncl", ACCEPTED)
    sender = gateway.sender(command.order)
    DatabaseTokenStore(connection.pk).discard("token")
    broker.reply("tokenP", None)
    outcome = sender.send(gateway.request_for(connection, command.order, command), "", lambda: True)
    assert isinstance(outcome, Accepted)
    [(_, headers, _)] = broker.orders
    assert headers["authorization"] == "Bearer token"
