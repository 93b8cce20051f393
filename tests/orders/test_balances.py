"""Balances of KIS accounts: what the broker's answer becomes, and what a failure leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from accounts import access, audit, clock
from accounts.models import AuditEvent, ClientAccount, Holding, RunState, Snapshot, StepState, SyncRun, SyncStep
from orders import balances, tasks
from orders.inquiries import inquire
from orders.models import KisAccount
from tests import factories as make
from tests.orders.broker import Answer, Broker, body, running_broker
from tests.orders.conftest import Desk
from tests.sessions import signed_in

DAY = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 11:00 in Korea, a Friday
NIGHT = datetime(2026, 11, 20, 11, 25, tzinfo=UTC)  # 20:25
BY = audit.By.system("balances")

SHARES = {
    "ovrs_pdno": "SNDK",
    "ovrs_item_name": "샌디스크",
    "frcr_evlu_pfls_amt": "-12.50",
    "evlu_pfls_rt": "-1.25",
    "pchs_avg_pric": "100.0000",
    "ovrs_cblc_qty": "10",
    "ord_psbl_qty": "10",
    "frcr_pchs_amt1": "1000.00",
    "ovrs_stck_evlu_amt": "987.50",
    "now_pric2": "98.7500",
    "tr_crcy_cd": "USD",
    "ovrs_excg_cd": "NASD",
}
CONTRACT = {
    "shtn_pdno": "A01603",
    "prdt_name": "F 202603",
    "sll_buy_dvsn_name": "매도",
    "cblc_qty": "3",
    "ccld_avg_unpr1": "345.10",
    "idx_clpr": "344.00",
    "pchs_amt": "258825000",
    "evlu_amt": "258000000",
    "evlu_pfls_amt": "825000",
}
DEPOSIT = {
    "tot_dncl_amt": "50000000",
    "dnca_cash": "40000000",
    "dnca_sbst": "10000000",
    "mgna_tota": "21000000",
    "nxdy_dnca": "40825000",
    "prsm_dpast": "50825000",
    "evlu_pfls_amt_smtl": "825000",
    "wdrw_psbl_tot_amt": "19000000",
}


@pytest.fixture
def broker(desk: Desk) -> Iterator[Broker]:
    with running_broker() as running:
        desk.connection.rest_url = running.url
        desk.connection.save()
        yield running


def answer_shares(broker: Broker, row: dict[str, str], exchange: str = "NASD") -> None:
    """The row for one exchange, nothing for the others."""

    def by_path(path: str) -> Answer | None:
        asked = parse_qs(urlsplit(path).query).get("OVRS_EXCG_CD", [""])[0]
        if "inquire-balance" not in path:
            return None
        return body(rt_cd="0", msg_cd="KIOK0510", msg1="", output1=[row] if asked == exchange else [], output2={})

    broker.by_path = by_path


def answer_contracts(broker: Broker, operation: str = "inquire-balance", **totals: str) -> None:
    broker.reply(
        operation,
        body(rt_cd="0", msg_cd="KIOK0510", msg1="", output1=[CONTRACT], output2={**DEPOSIT, **totals}),
    )


def kis(account: ClientAccount) -> KisAccount:
    return KisAccount.objects.select_related("connection", "account__firm").get(account=account)


def refresh(account: ClientAccount, at: datetime = DAY) -> bool:
    with time_machine.travel(at, tick=False):
        return balances.refresh(kis(account), BY)


def test_shares_are_published_with_what_kis_said_and_nothing_else(desk: Desk, broker: Broker) -> None:
    answer_shares(broker, SHARES)

    assert refresh(desk.stock)

    row = Holding.objects.get()
    assert (row.short_code, row.quantity, row.currency, row.exchange) == ("SNDK", Decimal(10), "USD", "NASD")
    assert (row.cost, row.market_value, row.profit_loss) == (Decimal(1000), Decimal("987.50"), Decimal("-12.50"))
    assert (row.return_rate, row.reported_return_rate) == (Decimal("-0.0125"), Decimal("-0.0125"))
    desk.stock.refresh_from_db()
    assert (desk.stock.total_value, desk.stock.cash_value, desk.stock.incomplete) == (None, None, True)
    assert desk.stock.business_date is not None


def test_every_exchange_is_asked_with_its_currency(desk: Desk, broker: Broker) -> None:
    refresh(desk.stock)

    asked = [parse_qs(urlsplit(path).query) for path in broker.inquiries if "inquire-balance" in path]
    pairs = [(query["OVRS_EXCG_CD"][0], query["TR_CRCY_CD"][0]) for query in asked]
    assert pairs[0] == ("NASD", "USD")
    assert {
        ("SEHK", "HKD"),
        ("TKSE", "JPY"),
        ("SHAA", "CNY"),
        ("SZAA", "CNY"),
        ("HASE", "VND"),
        ("VNSE", "VND"),
    } <= set(pairs)


def test_a_short_position_is_negative_and_the_account_is_worth_what_kis_estimates(desk: Desk, broker: Broker) -> None:
    answer_contracts(broker)

    assert refresh(desk.derivatives)

    row = Holding.objects.get()
    assert (row.short_code, row.quantity, row.currency) == ("A01603", Decimal(-3), "KRW")
    desk.derivatives.refresh_from_db()
    assert desk.derivatives.total_value == desk.derivatives.net_assets == Decimal(50825000)
    assert desk.derivatives.cash_value == Decimal(50000000)
    assert desk.derivatives.profit_loss == Decimal(825000)
    cash = {row.settlement_basis: row for row in Snapshot.objects.get().cash_rows.all()}
    assert (cash["D0"].cash_balance, cash["D0"].margin, cash["D0"].substitute) == (
        Decimal(50000000),
        Decimal(21000000),
        Decimal(10000000),
    )
    assert cash["D1"].cash_balance == Decimal(40825000)
    assert cash["D1"].margin is None


@pytest.mark.parametrize(
    ("at", "environment", "operation"),
    [
        (DAY, "live", "inquire-balance"),
        (NIGHT, "live", "inquire-ngt-balance"),
        (NIGHT, "paper", "inquire-balance"),
    ],
)
def test_the_night_is_asked_by_its_own_books(
    desk: Desk, broker: Broker, at: datetime, environment: str, operation: str
) -> None:
    desk.connection.environment = environment
    desk.connection.save()
    answer_contracts(broker, operation)

    assert refresh(desk.derivatives, at)

    assert any(f"/{operation}?" in path for path in broker.inquiries)
    assert Holding.objects.count() == 1


def test_an_account_without_an_estimate_has_no_total(desk: Desk, broker: Broker) -> None:
    answer_contracts(broker, prsm_dpast="")

    refresh(desk.derivatives)

    desk.derivatives.refresh_from_db()
    assert (desk.derivatives.total_value, desk.derivatives.incomplete) == (None, True)


def test_a_failure_keeps_the_balance_and_says_why(desk: Desk, broker: Broker) -> None:
    answer_contracts(broker)
    refresh(desk.derivatives)
    broker.reply("inquire-balance", body(rt_cd="1", msg_cd="OPSQ2000", msg1="ERROR INPUT INVALID_CHECK_ACNO"))

    assert not refresh(desk.derivatives, DAY.replace(minute=5))

    desk.derivatives.refresh_from_db()
    assert desk.derivatives.total_value == Decimal(50825000)
    step = SyncStep.objects.get(account=desk.derivatives)
    assert step.state == StepState.FAILED
    assert "INVALID_CHECK_ACNO" in step.error
    assert SyncRun.objects.get().state == RunState.FAILED


def test_a_row_that_cannot_be_read_holds_the_step_open_and_publishes_the_others(desk: Desk, broker: Broker) -> None:
    broker.reply(
        "inquire-balance",
        body(rt_cd="0", msg_cd="", msg1="", output1=[CONTRACT, {**CONTRACT, "cblc_qty": "many"}], output2=DEPOSIT),
    )

    assert not refresh(desk.derivatives)

    assert Holding.objects.count() == 1
    step = SyncStep.objects.get()
    assert (step.state, "cblc_qty" in step.error) == (StepState.QUARANTINED, True)


def test_the_same_answer_makes_no_new_rows(desk: Desk, broker: Broker) -> None:
    answer_contracts(broker)
    refresh(desk.derivatives)
    refresh(desk.derivatives, DAY.replace(minute=30))

    snapshot = Snapshot.objects.get()
    assert snapshot.verified_at == DAY.replace(minute=30)
    assert SyncRun.objects.get().state == RunState.DONE
    assert AuditEvent.objects.filter(action="sync.published").count() == 1


def test_two_workers_do_not_fetch_one_account_twice(desk: Desk, broker: Broker) -> None:
    with time_machine.travel(DAY, tick=False):
        claimed = balances._claim(kis(desk.derivatives), clock.now())
        assert claimed is not None
        assert not balances.refresh(kis(desk.derivatives), BY)
    assert not [path for path in broker.inquiries if "inquire-balance" in path]


@pytest.mark.parametrize(("minute", "due"), [(19, 0), (20, 2)])
def test_the_nightly_run_begins_at_its_time(desk: Desk, minute: int, due: int) -> None:
    del desk
    at = datetime(2026, 11, 19, 21, minute, tzinfo=UTC)  # 06:19 and 06:20 in Korea

    assert len(balances.due(at)) == due


def test_what_is_done_is_not_due_again(desk: Desk, broker: Broker) -> None:
    answer_contracts(broker)
    refresh(desk.derivatives)

    assert [row.account for row in balances.due(DAY)] == [desk.stock]


def test_an_account_that_always_fails_is_left_to_a_person(desk: Desk, broker: Broker) -> None:
    answer_contracts(broker)
    refresh(desk.derivatives)
    SyncStep.objects.update(state=StepState.FAILED, attempt=balances.MOST_TRIES)

    assert desk.derivatives not in [row.account for row in balances.due(DAY)]


def test_the_button_asks_once_in_ten_seconds(desk: Desk, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    del broker
    asked: list[Any] = []
    monkeypatch.setattr(tasks.refresh_balance, "delay", lambda *args, **named: asked.append((args, named)))
    client = signed_in(desk.manager)

    client.post(f"/orders/balances/{desk.stock.pk}/")
    client.post(f"/orders/balances/{desk.stock.pk}/")

    assert len(asked) == 1
    assert AuditEvent.objects.filter(action="balance.asked", account=desk.stock).count() == 1


@pytest.mark.parametrize("pk", [None, 10**9, 2**63])
def test_the_button_of_a_foreign_or_absent_account_is_not_there(desk: Desk, pk: int | None) -> None:
    stranger = make.UserFactory.create()

    assert signed_in(stranger).post(f"/orders/balances/{pk or desk.stock.pk}/").status_code == 404


def test_the_page_shows_the_twin_beside_and_where_they_differ(desk: Desk, broker: Broker) -> None:
    answer_shares(broker, SHARES)
    refresh(desk.stock)
    twin = make.ClientAccountFactory.create()
    snapshot = make.SnapshotFactory.create(account=twin)
    make.HoldingFactory.create(snapshot=snapshot, short_code="SNDK", name="샌디스크", quantity=Decimal(12))
    twin.balance = snapshot
    twin.save()
    desk.stock.twin = twin
    desk.stock.save()
    client = signed_in(desk.manager)

    hidden = client.get(f"/accounts/{desk.stock.pk}/").content.decode()
    access.assign(desk.manager, twin, snapshot.business_date)
    shown = client.get(f"/accounts/{desk.stock.pk}/").content.decode()

    assert "data-twin" not in hidden
    assert f'data-twin="{twin.pk}"' in shown
    assert "data-differs" in shown


def test_a_broker_that_cannot_be_reached_leaves_no_account_number_behind(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    assert not refresh(desk.stock)
    assert inquire(desk.stock) is None

    kept = [SyncStep.objects.get().error, kis(desk.stock).inquiry_error]
    logged = [str(vars(record)) for record in caplog.records]
    assert all(kept)
    assert [text for text in (*kept, *logged) if kis(desk.stock).cano in text] == []
