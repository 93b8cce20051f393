"""What the lists of each family say of a request whose answer was lost: children, quantities, refusals, the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from orders import reconciliation
from orders.models import Order
from tests.factories import OrderCommandFactory
from tests.orders.broker import Broker, body
from tests.orders.commands.samples import make_order
from tests.orders.conftest import Desk

pytestmark = pytest.mark.django_db
NUMBER, CHILD = "30135682", "30135690"
MORNING = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 20, 11, 25, tzinfo=UTC)
D = Decimal
Row = dict[str, str]


@dataclass(frozen=True)
class Said:
    """One row of a list, whatever its family: a new order of ten at 100 unless changed. `kind` new, modify, cancel."""

    number: str = NUMBER
    kind: str = "new"
    quantity: int = 10
    filled: int = 0
    left: int = 10
    price: str = "100"
    refused: bool = False
    names: str = NUMBER
    moved: int = 0

    @property
    def original(self) -> str:
        return "" if self.kind == "new" else self.names


def overseas(said: Said) -> Row:
    return {
        "ord_dt": "20261120",
        "dmst_ord_dt": "20261120",
        "thco_ord_tmd": "192500",
        "odno": said.number,
        "orgn_odno": said.original,
        "pdno": "NVDA",
        "prdt_name": "NVIDIA",
        "sll_buy_dvsn_cd": "02",
        "rvse_cncl_dvsn": {"new": "00", "modify": "01", "cancel": "02"}[said.kind],
        "ft_ord_qty": str(said.quantity),
        "ft_ccld_qty": str(said.filled),
        "nccs_qty": str(said.left),
        "ft_ord_unpr3": said.price,
        "ft_ccld_unpr3": "100" if said.filled else "0",
        "ft_ccld_amt3": str(100 * said.filled),
        "ovrs_excg_cd": "NASD",
        "tr_crcy_cd": "USD",
        "prcs_stat_name": "거부" if said.refused else "",
        "rjct_rson_name": "가격 오류" if said.refused else "",
    }


def _words(said: Said) -> str:
    return {"new": "매수", "modify": "매수정정", "cancel": "매수취소"}[said.kind]


def futures(said: Said, day: str = "20261120", price: str = "ord_idx") -> Row:
    return {
        "ord_dt": day,
        "ord_tmd": "100000",
        "odno": said.number,
        "orgn_odno": said.original,
        "pdno": "A01603",
        "prdt_name": "F 202603",
        "sll_buy_dvsn_cd": "02",
        "trad_dvsn_name": _words(said),
        "nmpr_type_cd": "01",
        "ord_qty": str(said.quantity),
        "tot_ccld_qty": str(said.filled),
        "qty": str(said.left),
        price: said.price,
        "avg_idx": "100" if said.filled else "0",
        "rjct_qty": str(said.quantity) if said.refused else "0",
        "ingr_trad_rjct_rson_name": "가격 오류" if said.refused else "",
    }


def night(said: Said) -> Row:
    return futures(said, "20261123", "ord_idx4") | {"ord_tmd": "200000"}


def stock(said: Said) -> Row:
    gone = said.quantity - said.filled - said.left - said.moved
    return {
        "ord_dt": "20261120",
        "ord_tmd": "100000",
        "ord_gno_brno": "06010",
        "odno": said.number,
        "orgn_odno": said.original,
        "pdno": "005930",
        "prdt_name": "삼성전자",
        "sll_buy_dvsn_cd": "02",
        "sll_buy_dvsn_cd_name": _words(said),
        "ord_dvsn_cd": "00",
        "ord_dvsn_name": "지정가",
        "ord_qty": str(said.quantity),
        "tot_ccld_qty": str(said.filled),
        "tot_ccld_amt": str(100 * said.filled),
        "avg_prvs": "100" if said.filled else "0",
        "rmn_qty": str(said.left),
        "ord_unpr": said.price,
        "cncl_cfrm_qty": str(gone) if said.kind == "new" else "0",
        "rjct_qty": str(said.quantity) if said.refused else "0",
        "excg_id_dvsn_cd": "KRX",
    }


@dataclass(frozen=True)
class Family:
    """Where the rows of a family stand, and an order of it."""

    list: str
    rows: str
    row: Any
    at: datetime
    order: dict[str, Any] = field(default_factory=dict)


FAMILIES = {
    "overseas": Family("inquire-ccnl", "output", overseas, NIGHT, {"market": "US", "family": "OVERSEAS"}),
    "derivatives": Family(
        "inquire-ccnl", "output1", futures, MORNING, {"market": "FO_DAY", "family": "FO", "exchange": "KRX"}
    ),
    "the night": Family(
        "inquire-ngt-ccnl",
        "output1",
        night,
        NIGHT,
        {"market": "FO_NIGHT", "family": "FO", "exchange": "KRX", "order_date": date(2026, 11, 23)},
    ),
    "stock": Family(
        "inquire-daily-ccld", "output1", stock, MORNING, {"market": "KRX", "family": "KRX", "exchange": "KRX"}
    ),
}
CANCELED = Said(left=0)
STANDS = Said()
CANCEL = Said(CHILD, "cancel", left=0, price="0")
CASES: dict[str, tuple[dict[str, Any], list[Said], str]] = {
    "a cancel that was done": ({}, [CANCELED, CANCEL], "CONFIRMED"),
    "a cancel of a part that was done": (
        {"quantity": D(4)},
        [Said(left=6), Said(CHILD, "cancel", quantity=4, left=0, price="0")],
        "CONFIRMED",
    ),
    "a cancel that found three filled": (
        {},
        [Said(filled=3, left=0), Said(CHILD, "cancel", quantity=7, left=0, price="0")],
        "PARTIALLY_CONFIRMED",
    ),
    "a cancel that the fill outran": ({}, [Said(filled=10, left=0)], "TOO_LATE"),
    "a cancel that came when all was filled after two modifies": (
        {},
        [
            Said(left=0, moved=10),
            Said(CHILD, "modify", filled=4, left=0, price="99", moved=6),
            Said("30135695", "modify", quantity=6, filled=6, left=0, price="98", names=CHILD),
        ],
        "TOO_LATE",
    ),
    "a cancel of which all lives on under a modify": (
        {},
        [Said(left=0, moved=10), Said(CHILD, "modify", price="99"), Said("30135695", "cancel", left=0, price="0")],
        "UNKNOWN",
    ),
    "a cancel that is listed and not done": ({}, [STANDS, CANCEL], "UNKNOWN"),
    "a cancel that was refused": ({}, [STANDS, Said(CHILD, "cancel", left=0, price="0", refused=True)], "REJECTED"),
    "a cancel of which there is no trace": ({}, [STANDS], "UNKNOWN"),
    "a new price for all": (
        {"type": "modify", "price": D(99)},
        [CANCELED, Said(CHILD, "modify", price="99")],
        "CONFIRMED",
    ),
    "a new price for a part": (
        {"type": "modify", "price": D(99), "quantity": D(4)},
        [Said(left=6), Said(CHILD, "modify", quantity=4, left=4, price="99")],
        "CONFIRMED",
    ),
    "a part at the same price": (
        {"type": "modify", "price": D(100), "quantity": D(4)},
        [Said(left=6), Said(CHILD, "modify", quantity=4, left=4)],
        "CONFIRMED",
    ),
    "a modify that is listed and not in force": (
        {"type": "modify", "price": D(99)},
        [STANDS, Said(CHILD, "modify", price="99")],
        "UNKNOWN",
    ),
    "a modify that was refused": (
        {"type": "modify", "price": D(99)},
        [STANDS, Said(CHILD, "modify", price="99", refused=True)],
        "REJECTED",
    ),
    "a modify that the fill outran": ({"type": "modify", "price": D(99)}, [Said(filled=10, left=0)], "TOO_LATE"),
    "a modify that found three filled": (
        {"type": "modify", "price": D(99)},
        [Said(filled=3, left=0), Said(CHILD, "modify", quantity=7, left=7, price="99")],
        "PARTIALLY_CONFIRMED",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
def test_the_lists_of_each_family_decide(
    desk: Desk,
    broker: Broker,
    clock: time_machine.Traveller,
    family: Family,
    case: tuple[dict[str, Any], list[Said], str],
) -> None:
    asked, said, state = case
    clock.move_to(family.at)
    account = desk.derivatives if family.order["family"] == "FO" else desk.stock
    at = {"ordered_at": family.at - timedelta(minutes=5), "transact_time": family.at - timedelta(minutes=5)}
    order = make_order(desk, **{"account": account, "status": "WORKING", "price": D(100), **at, **family.order})
    command = OrderCommandFactory.create(
        order=order,
        state="UNKNOWN",
        pre_image=before(order),
        broker_order_id="",
        **{"waits_since": family.at, "sent_at": family.at, "next_ask_at": family.at, **asked},
    )
    broker.reply(family.list, body(rt_cd="0", msg_cd="", msg1="", **{family.rows: [family.row(row) for row in said]}))
    clock.shift(timedelta(seconds=1.2))
    reconciliation.resolve_due(datetime.now(UTC))
    command.refresh_from_db()
    assert (command.state, command.watch["reads"]) == (state, 1)


def before(order: Order) -> dict[str, Any]:
    figures = {"order_qty": "10", "cum_qty": "0", "leaves_qty": "10", "canceled_qty": "0", "price": "100"}
    names = {"number": int(NUMBER), "children": [], "order_date": order.order_date.isoformat(), "family": order.family}
    return figures | names
