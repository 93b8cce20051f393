"""One account's lists: what could not be read is said, and an absence is read back to its first day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from orders.domain.events import Family
from orders.inquiries import inquire
from orders.models import KisAccount, Order, Recovery, RecoveryReason
from tests.orders.broker import Broker, body, running_broker
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)  # 08:00 in Korea
FRIDAY = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)  # 20:00 in Korea
ROW = {
    "ord_dt": "20261120",
    "ord_tmd": "231500",
    "odno": "0000003567",
    "pdno": "SNDK",
    "sll_buy_dvsn_cd": "02",
    "ft_ord_qty": "10",
    "ft_ccld_qty": "0",
    "nccs_qty": "10",
    "ft_ord_unpr3": "180",
    "ovrs_excg_cd": "NASD",
}


@pytest.fixture
def broker(desk: Desk) -> Iterator[Broker]:
    with running_broker() as broker, time_machine.travel(MONDAY):
        desk.connection.rest_url = broker.url
        desk.connection.save()
        yield broker


def kis(desk: Desk) -> KisAccount:
    return KisAccount.objects.get(account=desk.stock)


def first_days(broker: Broker) -> set[str]:
    """The first days of the questions for overseas orders."""
    asked = [parse_qs(urlsplit(path).query) for path in broker.inquiries if "/overseas-stock/" in path]
    return {query["ORD_STRT_DT"][0] for query in asked if "ORD_STRT_DT" in query}


def test_a_row_that_cannot_be_read_is_said_and_its_neighbours_are_applied(desk: Desk, broker: Broker) -> None:
    broker.reply("inquire-ccnl", body(rt_cd="0", msg_cd="K", msg1="", output=[ROW, ROW | {"odno": "rejected-order"}]))
    assert inquire(desk.stock, [Family.OVERSEAS]) is not None
    assert Order.objects.count() == 1
    assert kis(desk).inquiry_error == "rows not read: 1 (odno)"


def test_what_was_read_in_full_yesterday_is_asked_for_from_yesterday_on(desk: Desk, broker: Broker) -> None:
    KisAccount.objects.update(last_inquired_at=MONDAY - timedelta(minutes=1))
    inquire(desk.stock)
    assert first_days(broker) == {"20261122"}


def test_after_a_weekend_away_the_days_since_the_last_full_read_are_asked_for(desk: Desk, broker: Broker) -> None:
    KisAccount.objects.update(last_inquired_at=FRIDAY)
    inquire(desk.stock, [Family.OVERSEAS])
    assert kis(desk).last_inquired_at == FRIDAY, "a question for one market is no full read"
    inquire(desk.stock)
    assert first_days(broker) == {"20261119"}
    assert kis(desk).last_inquired_at != FRIDAY


def test_while_a_recovery_goes_on_every_read_begins_where_notices_were_lost(desk: Desk, broker: Broker) -> None:
    KisAccount.objects.update(last_inquired_at=MONDAY)
    windows = [(None, None), (desk.stock, MONDAY), (desk.derivatives, None)]
    for account, ended_at in windows:
        away = 3 if account is None else 20
        Recovery.objects.create(
            connection=desk.connection,
            account=account,
            reason=RecoveryReason.START,
            epoch=1,
            lost_at=MONDAY - timedelta(days=away),
            ended_at=ended_at,
        )
    inquire(desk.stock)
    assert first_days(broker) == {"20261119"}
