"""What goes into the body of a modify or cancel, beyond what the table of the pages shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.events import Market, Side
from orders.domain.sessions import Action
from orders.kis import revisions
from orders.kis.errors import UnsupportedError
from orders.kis.revisions import OrderRequest, RevisionFacts
from orders.kis.schemas import Account
from orders.kis.tr_ids import TRS, Environment, tr_id
from tests.orders.kis import samples
from tests.orders.kis.test_revisions import facts

M = Market
CANCEL, MODIFY = Action.CANCEL, Action.MODIFY


def test_the_cancel_of_a_reservation_is_the_samples_request() -> None:
    sample = samples.read("rest_order_resv_ccnl.json")
    request = revisions.request(
        facts(
            account=Account("810XXXXX", "01"),
            market=M.US_RESERVED,
            order_date=date(2021, 11, 24),
            number=30135682,
        )
    )
    assert TRS[request.operation].path == sample["path"]
    assert request.body == sample["request"]


def test_the_price_of_a_daytime_cancel_is_a_setting() -> None:
    assert revisions.request(facts()).body["OVRS_ORD_UNPR"] == "0"
    own = facts(zero_price_on_cancel=False)
    assert revisions.request(own).body["OVRS_ORD_UNPR"] == "12.34"
    assert revisions.request(replace(own, order_price=None)).body["OVRS_ORD_UNPR"] == "0"
    assert revisions.request(replace(own, market=M.US)).body["OVRS_ORD_UNPR"] == "0"


def test_a_price_is_written_without_exponent_and_trailing_zeros() -> None:
    asked = facts(action=MODIFY, price=Decimal("1.9E+2"), leaves_qty=Decimal("10.0"))
    body = revisions.request(asked).body
    assert (body["ORD_QTY"], body["OVRS_ORD_UNPR"]) == ("10", "190")


@pytest.mark.parametrize(
    ("symbol", "code"),
    [
        ("101S12", "01"),
        ("A01603", "01"),
        ("201S03370", "02"),
        ("B01603955", "02"),
        ("301S03370", "03"),
        ("C01603955", "03"),
        ("401S3S6S", "04"),
        ("D0160306", "04"),
    ],
)
def test_a_night_order_names_its_product(symbol: str, code: str) -> None:
    request = revisions.request(facts(market=M.FO_NIGHT, exchange="KRX", symbol=symbol))
    assert request.body["FUOP_ITEM_DVSN_CD"] == code


@pytest.mark.parametrize(
    ("exchange", "currency", "code"),
    [
        ("SEHK", "HKD", "501"),
        ("SEHK", "CNY", "543"),
        ("SEHK", "USD", "558"),
        ("TKSE", "", "515"),
        ("SHAA", "CNY", "551"),
    ],
)
def test_a_reservation_names_the_board_of_its_currency(exchange: str, currency: str, code: str) -> None:
    asked = facts(market=M.ASIA_RESERVED, exchange=exchange, currency=currency, side=Side.SELL, order_price=None)
    body = revisions.request(asked).body
    assert (body["PRDT_TYPE_CD"], body["SLL_BUY_DVSN_CD"], body["FT_ORD_UNPR3"]) == (code, "01", "0")


def test_an_order_keeps_its_division() -> None:
    conditional = facts(market=M.FO_DAY, exchange="KRX", order_type="03", action=MODIFY, price=Decimal("361.25"))
    body = revisions.request(conditional).body
    assert (body["NMPR_TYPE_CD"], body["ORD_DVSN_CD"], body["UNIT_PRICE"]) == ("03", "03", "361.25")
    canceled = revisions.request(replace(conditional, action=CANCEL)).body
    assert (canceled["NMPR_TYPE_CD"], canceled["ORD_DVSN_CD"], canceled["UNIT_PRICE"]) == ("01", "01", "0")
    after_hours = revisions.request(facts(market=M.KRX, exchange="KRX", order_type="07")).body
    assert after_hours["ORD_DVSN"] == "07"


def test_all_that_is_left_by_its_number_is_all() -> None:
    asked = facts(market=M.FO_NIGHT, exchange="KRX", symbol="101S12", quantity=Decimal(10))
    assert revisions.request(asked).body["RMN_QTY_YN"] == "Y"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        *(({"leaves_qty": Decimal(text)}, "not a whole quantity") for text in ("0", "-1", "1.5", "NaN", "Infinity")),
        *(({"quantity": Decimal(text)}, "not a whole quantity") for text in ("0", "-1", "1.5")),
        ({"quantity": Decimal(11)}, "more than is left: 11 of 10"),
        ({"leaves_qty": Decimal("Infinity"), "quantity": Decimal(1)}, "more than is left"),
        *(({"action": MODIFY, "price": Decimal(text)}, "not a price") for text in ("0", "-1", "NaN", "Infinity")),
        ({"action": MODIFY}, "not a price: None"),
        ({"market": M.US_RESERVED, "leaves_qty": Decimal(0)}, "not a whole quantity"),
        ({"market": M.FO_NIGHT, "exchange": "KRX", "symbol": "X01603"}, "neither a future"),
        ({"market": M.FO_NIGHT, "exchange": "KRX", "symbol": ""}, "neither a future"),
        ({"market": M.KRX, "exchange": "KRX", "forward_org": ""}, "branch is not known"),
        ({"market": M.ASIA_RESERVED, "exchange": "SEHK", "side": None}, "side is not known"),
        ({"market": M.ASIA_RESERVED, "exchange": "TKSE", "currency": "USD"}, "no product type for USD at TKSE"),
    ],
)
def test_impossible_figures_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        revisions.request(facts(**changes))


def test_the_body_stays_out_of_the_repr() -> None:
    request = revisions.request(facts())
    assert isinstance(request, OrderRequest)
    assert "12345678" not in repr(request)


AMOUNTS = st.decimals(allow_nan=True, allow_infinity=True) | st.integers(-1, 20).map(Decimal)
ANY_FACTS = st.builds(
    RevisionFacts,
    account=st.just(Account("12345678", "01")),
    environment=st.sampled_from(Environment),
    market=st.sampled_from(Market),
    action=st.sampled_from(Action),
    exchange=st.sampled_from(["", "NASD", "SEHK", "SHAA", "TKSE", "VNSE", "KRX", "SOR", "OTCB"]),
    symbol=st.sampled_from(["", "AAPL", "A01603", "101S12", "005930"]),
    number=st.integers(1, 9_999_999_999),
    order_date=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    leaves_qty=AMOUNTS,
    quantity=st.none() | AMOUNTS,
    price=st.none() | AMOUNTS,
    order_type=st.sampled_from(["", "00", "01", "03", "22", "35"]),
    forward_org=st.sampled_from(["", "06010"]),
    order_price=st.none() | st.integers(0, 20).map(Decimal),
    zero_price_on_cancel=st.booleans(),
    side=st.none() | st.sampled_from(Side),
    currency=st.sampled_from(["", "USD", "HKD", "CNY", "KRW"]),
)


def outcome(asked: RevisionFacts) -> OrderRequest | Exception:
    try:
        return revisions.request(asked)
    except (UnsupportedError, ValueError) as error:
        return error


@given(asked=ANY_FACTS)
def test_whatever_is_asked_becomes_a_whole_request_or_a_refusal(asked: RevisionFacts) -> None:
    found = outcome(asked)
    if isinstance(found, OrderRequest):
        assert tr_id(found.operation, asked.environment) is not None
        assert all(name.isupper() and isinstance(value, str) for name, value in found.body.items())
        assert found.body["CANO"] == "12345678"
        assert 0 < (asked.leaves_qty if asked.quantity is None else asked.quantity) <= asked.leaves_qty
    else:
        assert not isinstance(found, UnsupportedError) or found.reason is not None
