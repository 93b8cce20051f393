from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from orders.kis.client import Target, cancel_daytime, cancel_reservation, modify_daytime
from orders.kis.schemas import Account
from orders.kis.tr_ids import TRS, Operation
from tests.orders.kis import samples

ACCOUNT = Account("12345678", "01")
TARGET = Target("NASD", "AAPL", 30138113)


def test_the_cancel_of_a_reservation_is_the_samples_request() -> None:
    sample = samples.read("rest_order_resv_ccnl.json")
    request = cancel_reservation(Account("810XXXXX", "01"), date(2021, 11, 24), 30135682)
    assert request.operation is Operation.US_RESERVE_CANCEL
    assert TRS[request.operation].path == sample["path"]
    assert request.body == sample["request"]


def test_the_cancel_of_a_daytime_order_has_every_field_of_the_page() -> None:
    request = cancel_daytime(ACCOUNT, TARGET, Decimal(3))
    assert request.operation is Operation.DAYTIME_REVISE
    assert request.body == {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "OVRS_EXCG_CD": "NASD",
        "PDNO": "AAPL",
        "ORGN_ODNO": "30138113",
        "RVSE_CNCL_DVSN_CD": "02",
        "ORD_QTY": "3",
        "OVRS_ORD_UNPR": "0",
        "CTAC_TLNO": "",
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }


def test_the_price_of_a_cancel_is_a_setting() -> None:
    assert cancel_daytime(ACCOUNT, TARGET, Decimal(3), price="148.01").body["OVRS_ORD_UNPR"] == "148.01"


def test_the_modify_of_a_daytime_order_carries_its_new_price() -> None:
    body = modify_daytime(ACCOUNT, TARGET, Decimal("10.0"), Decimal("1.9E+2")).body
    assert (body["RVSE_CNCL_DVSN_CD"], body["ORD_QTY"], body["OVRS_ORD_UNPR"]) == ("01", "10", "190")


@pytest.mark.parametrize("quantity", ["0", "-1", "1.5", "NaN", "Infinity"])
def test_an_impossible_quantity_is_refused(quantity: str) -> None:
    with pytest.raises(ValueError, match="not a whole quantity"):
        cancel_daytime(ACCOUNT, TARGET, Decimal(quantity))


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_an_impossible_price_is_refused(price: str) -> None:
    with pytest.raises(ValueError, match="not a price"):
        modify_daytime(ACCOUNT, TARGET, Decimal(1), Decimal(price))


def test_the_body_stays_out_of_the_repr() -> None:
    assert "12345678" not in repr(cancel_daytime(ACCOUNT, TARGET, Decimal(1)))
