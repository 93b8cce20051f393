"""The REST API of accounts: shapes, filters, pages and refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.api import schema
from accounts.models import AuditEvent, ClientAccount, ContractStatus, Dataset, Role, User
from accounts.models.firms import FirmKind
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
EVENING = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)  # 23:30 in Korea, a Thursday: the balance of the day is due
API = "/api/v1/"


@pytest.fixture
def evening() -> Any:
    with time_machine.travel(EVENING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def manager() -> User:
    return make.UserFactory.create(username="kim")


def api(user: User, scope: str = "read") -> Client:
    return Client(headers={"authorization": f"Bearer {make.token_for(user, scope)}"})


def published(account: ClientAccount, day: date = make.BUSINESS_DAY, **totals: Decimal) -> ClientAccount:
    snapshot = make.SnapshotFactory.create(account=account, business_date=day)
    account.balance, account.business_date = snapshot, day
    for name, value in totals.items():
        setattr(account, name, value)
    account.save()
    return account


def test_a_row_shows_exact_figures_and_masks_who_it_is_about(manager: User) -> None:
    account = make.assigned(manager, make.ClientAccountFactory.create(number="0019923122221", alias="성장형"))
    published(account, total_value=Decimal("3500000.5000"), return_rate=Decimal("0.10000000"))
    row = api(manager).get(f"{API}accounts/").json()["results"][0]
    assert row["number"] == "0019*******21"
    assert row["holder_name"] == "홍*동"
    assert row["total_value"] == "3500000.5"
    assert row["return_rate"] == "0.1"
    assert row["net_assets"] is None
    assert row["managers"] == ["kim"]
    assert row["business_date"] == "2026-11-19"
    assert row["freshness"] == {
        "state": "fresh",
        "business_date": "2026-11-19",
        "fetched_at": "2026-11-19T20:31:00+09:00",
        "source": "koscom",
    }


def test_figures_of_the_day_before_are_stale_once_the_evening_is_over(manager: User) -> None:
    published(make.assigned(manager), date(2026, 11, 18))
    assert api(manager).get(f"{API}accounts/").json()["results"][0]["freshness"]["state"] == "stale"


def test_figures_of_the_day_before_are_fresh_until_the_evening_run(manager: User, evening: Any) -> None:
    published(make.assigned(manager), date(2026, 11, 18))
    evening.move_to(datetime(2026, 11, 19, 9, 0, tzinfo=UTC))
    token = api(manager)
    assert token.get(f"{API}accounts/").json()["results"][0]["freshness"]["state"] == "fresh"


def test_an_account_never_synced_says_so(manager: User) -> None:
    make.assigned(manager)
    assert api(manager).get(f"{API}accounts/").json()["results"][0]["freshness"]["state"] == "never"


@pytest.mark.parametrize("text", ["00-19923-122221", "0019923122221"])
def test_search_finds_by_the_exact_full_number_however_it_is_written(manager: User, text: str) -> None:
    account = make.assigned(manager, make.ClientAccountFactory.create(number="0019923122221"))
    make.assigned(manager)
    found = api(manager).get(f"{API}accounts/", {"search": text}).json()["results"]
    assert [row["id"] for row in found] == [account.pk]


def test_search_finds_by_a_part_of_the_alias_but_of_no_number(manager: User) -> None:
    account = make.assigned(manager, make.ClientAccountFactory.create(number="0019923122221", alias="배당 성장"))
    assert len(api(manager).get(f"{API}accounts/", {"search": "성장"}).json()["results"]) == 1
    assert not api(manager).get(f"{API}accounts/", {"search": account.number[:6]}).json()["results"]


def test_the_list_filters_by_broker_and_contract(manager: User) -> None:
    kis = make.FirmFactory.create(short_name="kis", kind=FirmKind.KIS)
    one = make.assigned(manager, make.ClientAccountFactory.create(firm=kis, contract_status=ContractStatus.EXPIRED))
    make.assigned(manager)
    client = api(manager)
    assert [row["id"] for row in client.get(f"{API}accounts/?broker=kis").json()["results"]] == [one.pk]
    assert [row["id"] for row in client.get(f"{API}accounts/?status=expired").json()["results"]] == [one.pk]
    assert len(client.get(f"{API}accounts/").json()["results"]) == 2


def test_pages_follow_their_cursors_without_a_gap(manager: User) -> None:
    ids = [make.assigned(manager).pk for _ in range(5)]
    client, seen = api(manager), []
    url: str | None = f"{API}accounts/?page_size=2"
    while url:
        page = client.get(url).json()
        assert set(page) == {"next", "previous", "results"}
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == ids


def test_a_page_is_at_most_500_rows(manager: User) -> None:
    firm = make.FirmFactory.create()
    accounts = [ClientAccount(firm=firm, number=f"77{n:07d}", number_index=f"{n:064d}") for n in range(501)]
    operations = make.UserFactory.create(role=Role.OPERATIONS)
    ClientAccount.objects.bulk_create(accounts)
    assert len(api(operations).get(f"{API}accounts/?page_size=9999").json()["results"]) == 500


def test_the_list_asks_the_same_questions_for_one_account_and_for_many(
    manager: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api(manager)
    published(make.assigned(manager))
    with django_assert_num_queries(3) as one:
        client.get(f"{API}accounts/")
    for _ in range(5):
        published(make.assigned(manager))
    with django_assert_num_queries(len(one)):
        client.get(f"{API}accounts/")


def test_detail_tells_how_each_dataset_was_last_synced(manager: User) -> None:
    account = published(make.assigned(manager, make.ClientAccountFactory.create(virtual_number="99887766")))
    make.SyncStepFactory.create(account=account, dataset=Dataset.TRADES, state="failed", error="3600 증권사 장애")
    body = api(manager).get(f"{API}accounts/{account.pk}/").json()
    assert body["virtual_number"] == "9988**66"
    assert body["last_sync"]["balances"]["state"] == "done"
    assert body["last_sync"]["balances"]["as_of"] == "2026-11-19"
    assert body["last_sync"]["trades"] | {"fetched_at": None} == {
        "state": "failed",
        "as_of": None,
        "business_date": None,
        "fetched_at": None,
        "rows": 0,
        "error": "3600 증권사 장애",
    }
    assert body["last_sync"]["orders"]["state"] == "never"


def test_looking_at_an_account_is_in_the_audit_trail(manager: User) -> None:
    account = make.assigned(manager)
    api(manager).get(f"{API}accounts/{account.pk}/")
    row = AuditEvent.objects.get(action="account.viewed")
    assert (row.actor, row.account, row.subject) == (manager, account, "account")


def test_a_balance_comes_with_its_cash_and_holdings(manager: User) -> None:
    account = published(make.assigned(manager))
    make.CashBalanceFactory.create(snapshot=account.balance, cash_balance=Decimal(1_500_000))
    make.HoldingFactory.create(
        snapshot=account.balance, codes=[{"type": "표준코드", "code": "KR7005930003", "name": None}]
    )
    body = api(manager).get(f"{API}accounts/{account.pk}/balance/").json()
    assert body["business_date"] == "2026-11-19"
    assert body["fetched_at"] == "2026-11-19T20:31:00+09:00"
    assert body["cash"][0]["cash_balance"] == "1500000"
    assert body["cash"][0]["margin"] is None
    assert body["holdings"][0]["isin"] == "KR7005930003"
    assert body["holdings"][0]["quantity"] == "10"
    assert body["holdings"][0]["codes"][0]["type"] == "표준코드"


def test_a_balance_is_found_for_every_day_that_it_covers(manager: User) -> None:
    account = make.assigned(manager)
    old = make.SnapshotFactory.create(account=account, valid_from=date(2026, 11, 10), business_date=date(2026, 11, 13))
    published(account)
    client = api(manager)
    for day in ("2026-11-10", "2026-11-12", "2026-11-13"):
        body = client.get(f"{API}accounts/{account.pk}/balance/?date={day}").json()
        assert body["business_date"] == old.business_date.isoformat()
    assert client.get(f"{API}accounts/{account.pk}/balance/?date=2026-11-16").json()["business_date"] is None


def test_a_balance_never_synced_is_200_and_empty(manager: User) -> None:
    account = make.assigned(manager)
    response = api(manager).get(f"{API}accounts/{account.pk}/balance/")
    assert response.status_code == 200
    assert response.json() == {"business_date": None, "fetched_at": None, "cash": [], "holdings": []}


def test_settlements_are_those_of_today_or_later_unless_all_are_asked_for(manager: User) -> None:
    account = make.assigned(manager)
    snapshot = make.SnapshotFactory.create(account=account, dataset=Dataset.SETTLEMENTS)
    for day in (date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 23), None):
        make.SettlementFactory.create(snapshot=snapshot, settle_date=day, costs=[{"name": "수수료", "amount": "150.0"}])
    client = api(manager)
    rows = client.get(f"{API}accounts/{account.pk}/settlements/").json()["results"]
    assert [row["settle_date"] for row in rows] == ["2026-11-19", "2026-11-23", None]
    assert rows[0]["costs"] == [{"name": "수수료", "amount": "150"}]
    everything = client.get(f"{API}accounts/{account.pk}/settlements/?all=true&page_size=1").json()
    assert everything["results"][0]["settle_date"] == "2026-11-18"
    assert client.get(everything["next"]).json()["results"][0]["settle_date"] == "2026-11-19"


def test_replaced_rows_are_not_shown(manager: User) -> None:
    account = make.assigned(manager)
    make.TradeFactory.create(
        snapshot=make.SnapshotFactory.create(account=account, dataset=Dataset.TRADES, current=False)
    )
    assert api(manager).get(f"{API}accounts/{account.pk}/trades/").json()["results"] == []


def test_trades_are_cut_by_their_days(manager: User) -> None:
    account = make.assigned(manager)
    snapshot = make.SnapshotFactory.create(account=account, dataset=Dataset.TRADES)
    for offset in range(4):
        make.TradeFactory.create(snapshot=snapshot, date=make.BUSINESS_DAY - timedelta(days=offset), warnings=["sign"])
    rows = api(manager).get(f"{API}accounts/{account.pk}/trades/?from=2026-11-17&to=2026-11-18").json()["results"]
    assert [row["date"] for row in rows] == ["2026-11-18", "2026-11-17"]
    assert rows[0]["warnings"] == ["sign"]


def test_order_details_are_those_of_the_newest_day_or_of_the_day_asked_for(manager: User) -> None:
    account = make.assigned(manager)
    for day in (date(2026, 11, 18), date(2026, 11, 19)):
        snapshot = make.SnapshotFactory.create(account=account, dataset=Dataset.ORDERS, business_date=day)
        make.OrderExecutionFactory.create(
            order=make.OrderDetailFactory.create(snapshot=snapshot, order_number=str(day.day))
        )
    client = api(manager)
    newest = client.get(f"{API}accounts/{account.pk}/order-details/").json()["results"]
    assert [row["order_number"] for row in newest] == ["19"]
    assert newest[0]["executions"] == [{"number": "1", "quantity": "3", "price": "70000", "executed_at": None}]
    older = client.get(f"{API}accounts/{account.pk}/order-details/?date=2026-11-18").json()["results"]
    assert [row["order_number"] for row in older] == ["18"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("accounts/?status=gone", "status"),
        ("accounts/?page_size=0", "page_size"),
        ("accounts/?page_size=many", "page_size"),
        ("accounts/?cursor=cD14", "cursor"),
        ("accounts/{pk}/balance/?date=2026-13-01", "date"),
        ("accounts/{pk}/balance/?date=20261101", "date"),
        ("accounts/{pk}/trades/?from=yesterday", "from"),
        ("accounts/{pk}/trades/?from=2026-11-02&to=2026-11-01", "from"),
        ("accounts/{pk}/settlements/?all=maybe", "all"),
        ("accounts/{pk}/order-details/?date=", "date"),
        ("events/?after=-1", "after"),
    ],
)
def test_a_malformed_parameter_is_422_with_its_name(manager: User, path: str, field: str) -> None:
    account = make.assigned(manager)
    response = api(manager).get(API + path.format(pk=account.pk))
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert list(response.json()["errors"]) == [field]


def test_rows_have_the_fields_of_their_schema(manager: User) -> None:
    account = published(make.assigned(manager))
    make.CashBalanceFactory.create(snapshot=account.balance)
    make.HoldingFactory.create(snapshot=account.balance)
    for factory, dataset in (
        (make.SettlementFactory, Dataset.SETTLEMENTS),
        (make.TradeFactory, Dataset.TRADES),
        (make.OrderDetailFactory, Dataset.ORDERS),
    ):
        factory(snapshot=make.SnapshotFactory.create(account=account, dataset=dataset))
    client = api(manager)

    def first(path: str) -> dict[str, Any]:
        body: dict[str, Any] = client.get(f"{API}accounts/{account.pk}/{path}").json()["results"][0]
        return body

    balance = client.get(f"{API}accounts/{account.pk}/balance/").json()
    shapes: list[tuple[Callable[[], Any], dict[str, Any]]] = [
        (schema.AccountDetail, client.get(f"{API}accounts/{account.pk}/").json()),
        (schema.Account, client.get(f"{API}accounts/").json()["results"][0]),
        (schema.Balance, balance),
        (schema.Cash, balance["cash"][0]),
        (schema.Holding, balance["holdings"][0]),
        (schema.Settlement, first("settlements/?all=true")),
        (schema.Trade, first("trades/")),
        (schema.OrderDetail, first("order-details/")),
        (schema.Run, client.get(f"{API}sync/runs/").json()["results"][0]),
        (schema.Coverage, client.get(f"{API}sync/coverage/").json()["results"][0]),
    ]
    for shape, row in shapes:
        assert set(row) == set(shape().get_fields())
