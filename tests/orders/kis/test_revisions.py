"""Every modify and cancel: market x exchange x environment x action x all or a part, against the vendor's pages.

The expected paths, TR ids and bodies stand here as KIS prints them; none is computed. Pages: "해외주식 정정취소주문",
"해외주식 예약주문접수취소", "해외주식 예약주문접수", "해외주식 미국주간정정취소", "선물옵션 정정취소주문" and
"주식주문(정정취소)".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from orders.domain.events import Market, Side
from orders.domain.sessions import Act, Action, Reason, refusal
from orders.kis import revisions
from orders.kis.errors import UnsupportedError
from orders.kis.revisions import OrderRequest, RevisionFacts
from orders.kis.schemas import Account
from orders.kis.tr_ids import TRS, Environment, Operation, tr_id
from tests.orders.kis import samples

M = Market
CANCEL, MODIFY = Action.CANCEL, Action.MODIFY
LIVE, PAPER = Environment.LIVE, Environment.PAPER
OVERSEAS = "/uapi/overseas-stock/v1/trading"
FUTURES = "/uapi/domestic-futureoption/v1/trading"
STOCK = "/uapi/domestic-stock/v1/trading"
EXCHANGE = "<the order's exchange>"
Body = dict[str, str]


@dataclass(frozen=True)
class Case:
    """`live` and `paper`: the TR id or the refusal. `part`: the body for 4 of the 10 that are left, or the refusal."""

    market: Market
    exchanges: str
    action: Action
    live: str | Reason
    paper: str | Reason
    path: str = ""
    whole: Body | None = None
    part: Body | Reason | None = None
    paper_whole: Body | None = None


def overseas(kind: str, quantity: str, price: str) -> Body:
    return {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "OVRS_EXCG_CD": EXCHANGE,
        "PDNO": "AAPL",
        "ORGN_ODNO": "30138113",
        "RVSE_CNCL_DVSN_CD": kind,
        "ORD_QTY": quantity,
        "OVRS_ORD_UNPR": price,
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }


def reservation(product_type: str) -> Body:
    return {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "SLL_BUY_DVSN_CD": "02",
        "RVSE_CNCL_DVSN_CD": "02",
        "PDNO": "AAPL",
        "PRDT_TYPE_CD": product_type,
        "OVRS_EXCG_CD": EXCHANGE,
        "FT_ORD_QTY": "10",
        "FT_ORD_UNPR3": "12.34",
        "ORD_SVR_DVSN_CD": "0",
        "RSVN_ORD_RCIT_DT": "20261120",
        "OVRS_RSVN_ODNO": "30138113",
    }


def derivatives(kind: str, quantity: str, price: str, everything: str, product: str) -> Body:
    return {
        "ORD_PRCS_DVSN_CD": "02",
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "RVSE_CNCL_DVSN_CD": kind,
        "ORGN_ODNO": "30138113",
        "ORD_QTY": quantity,
        "UNIT_PRICE": price,
        "NMPR_TYPE_CD": "01",
        "KRX_NMPR_CNDT_CD": "0",
        "RMN_QTY_YN": everything,
        "FUOP_ITEM_DVSN_CD": product,
        "ORD_DVSN_CD": "01",
    }


def stock(kind: str, quantity: str, price: str, everything: str) -> Body:
    return {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "KRX_FWDG_ORD_ORGNO": "06010",
        "ORGN_ODNO": "30138113",
        "ORD_DVSN": "00",
        "RVSE_CNCL_DVSN_CD": kind,
        "ORD_QTY": quantity,
        "ORD_UNPR": price,
        "QTY_ALL_ORD_YN": everything,
        "CNDT_PRIC": "",
        "EXCG_ID_DVSN_CD": EXCHANGE,
    }


DAYTIME_KEYS = {"CTAC_TLNO": ""}
US, ASIA = "NASD NYSE AMEX", "SEHK SHAA SZAA TKSE HASE VNSE"
NO_MODIFY, NO_PART, NO_PAPER = Reason.MODIFY_NOT_OFFERED, Reason.PART_NOT_OFFERED, Reason.PAPER_UNSUPPORTED
RVSECNCL = f"{OVERSEAS}/order-rvsecncl"
CASES = [
    Case(
        M.US_RESERVED,
        US,
        CANCEL,
        "TTTT3017U",
        "VTTT3017U",
        f"{OVERSEAS}/order-resv-ccnl",
        whole={
            "CANO": "12345678",
            "ACNT_PRDT_CD": "01",
            "RSVN_ORD_RCIT_DT": "20261120",
            "OVRS_RSVN_ODNO": "30138113",
        },
        part=NO_PART,
    ),
    Case(M.US_RESERVED, US, MODIFY, NO_MODIFY, NO_MODIFY),
    *(
        Case(
            M.ASIA_RESERVED,
            exchange,
            CANCEL,
            "TTTS3013U",
            "VTTS3013U",
            f"{OVERSEAS}/order-resv",
            whole=reservation(product_type),
            part=NO_PART,
        )
        for exchange, product_type in (
            ("SEHK", "501"),
            ("SHAA", "551"),
            ("SZAA", "552"),
            ("TKSE", "515"),
            ("HASE", "507"),
            ("VNSE", "508"),
        )
    ),
    Case(M.ASIA_RESERVED, ASIA, MODIFY, NO_MODIFY, NO_MODIFY),
    Case(
        M.US_DAYTIME,
        US,
        CANCEL,
        "TTTS6038U",
        NO_PAPER,
        f"{OVERSEAS}/daytime-order-rvsecncl",
        whole=overseas("02", "10", "0") | DAYTIME_KEYS,
        part=overseas("02", "4", "0") | DAYTIME_KEYS,
    ),
    Case(
        M.US_DAYTIME,
        US,
        MODIFY,
        "TTTS6038U",
        NO_PAPER,
        f"{OVERSEAS}/daytime-order-rvsecncl",
        whole=overseas("01", "10", "12.5") | DAYTIME_KEYS,
        part=overseas("01", "4", "12.5") | DAYTIME_KEYS,
    ),
    *(
        Case(
            market,
            exchanges,
            CANCEL,
            live,
            paper,
            RVSECNCL,
            whole=overseas("02", "10", "0"),
            part=overseas("02", "4", "0"),
        )
        for market, exchanges, live, paper in (
            (M.US, US, "TTTT1004U", "VTTT1004U"),
            (M.ASIA, "SEHK", "TTTS1003U", "VTTS1003U"),
            (M.ASIA, "TKSE", "TTTS0309U", "VTTS0309U"),
            (M.ASIA, "SHAA", "TTTS0302U", "VTTS0302U"),
            (M.ASIA, "SZAA", "TTTS0306U", "VTTS0306U"),
            (M.ASIA, "HASE VNSE", "TTTS0312U", "VTTS0312U"),
        )
    ),
    *(
        Case(
            market,
            exchanges,
            MODIFY,
            live,
            paper,
            RVSECNCL,
            whole=overseas("01", "10", "12.5"),
            part=overseas("01", "4", "12.5"),
        )
        for market, exchanges, live, paper in (
            (M.US, US, "TTTT1004U", "VTTT1004U"),
            (M.ASIA, "SEHK", "TTTS1003U", "VTTS1003U"),
            (M.ASIA, "TKSE", "TTTS0309U", "VTTS0309U"),
        )
    ),
    Case(M.ASIA, "SHAA SZAA HASE VNSE", MODIFY, NO_MODIFY, NO_MODIFY),
    Case(
        M.FO_DAY,
        "KRX",
        CANCEL,
        "TTTO1103U",
        "VTTO1103U",
        f"{FUTURES}/order-rvsecncl",
        whole=derivatives("02", "0", "0", "Y", ""),
        part=derivatives("02", "4", "0", "N", ""),
        paper_whole=derivatives("02", "10", "0", "Y", ""),
    ),
    Case(
        M.FO_DAY,
        "KRX",
        MODIFY,
        "TTTO1103U",
        "VTTO1103U",
        f"{FUTURES}/order-rvsecncl",
        whole=derivatives("01", "0", "12.5", "Y", ""),
        part=derivatives("01", "4", "12.5", "N", ""),
        paper_whole=derivatives("01", "10", "12.5", "Y", ""),
    ),
    Case(
        M.FO_NIGHT,
        "KRX",
        CANCEL,
        "STTN1103U",
        NO_PAPER,
        f"{FUTURES}/order-rvsecncl",
        whole=derivatives("02", "10", "0", "Y", "01"),
        part=NO_PART,
    ),
    Case(
        M.FO_NIGHT,
        "KRX",
        MODIFY,
        "STTN1103U",
        NO_PAPER,
        f"{FUTURES}/order-rvsecncl",
        whole=derivatives("01", "10", "12.5", "Y", "01"),
        part=NO_PART,
    ),
    *(
        Case(
            M.KRX,
            exchanges,
            CANCEL,
            "TTTC0013U",
            paper,
            f"{STOCK}/order-rvsecncl",
            whole=stock("02", "10", "0", "Y"),
            part=stock("02", "4", "0", "N"),
        )
        for exchanges, paper in (("KRX", "VTTC0013U"), ("NXT SOR", NO_PAPER))
    ),
    *(
        Case(
            M.KRX,
            exchanges,
            MODIFY,
            "TTTC0013U",
            paper,
            f"{STOCK}/order-rvsecncl",
            whole=stock("01", "10", "12.5", "Y"),
            part=stock("01", "4", "12.5", "N"),
        )
        for exchanges, paper in (("KRX", "VTTC0013U"), ("NXT SOR", NO_PAPER))
    ),
]


def expected(case: Case, exchange: str, environment: Environment, part: bool) -> tuple[str, str, Body] | Reason:
    """Path, TR id and body as the pages print them, or the refusal."""
    code = case.live if environment is LIVE else case.paper
    if isinstance(code, Reason):
        return code
    whole = case.paper_whole if environment is PAPER and case.paper_whole else case.whole
    body = case.part if part else whole
    if isinstance(body, Reason):
        return body
    assert body is not None
    return case.path, code, {name: exchange if value == EXCHANGE else value for name, value in body.items()}


COMBINATIONS = [
    (case, exchange, environment, part)
    for case in CASES
    for exchange in case.exchanges.split()
    for environment in (LIVE, PAPER)
    for part in (False, True)
]
FACTS = RevisionFacts(
    account=Account("12345678", "01"),
    environment=LIVE,
    market=M.US_DAYTIME,
    action=CANCEL,
    exchange="NASD",
    symbol="AAPL",
    number=30138113,
    order_date=date(2026, 11, 20),
    leaves_qty=Decimal(10),
    forward_org="06010",
    order_price=Decimal("12.34"),
    side=Side.BUY,
)
CURRENCIES = {"SEHK": "HKD", "TKSE": "JPY", "SHAA": "CNY", "SZAA": "CNY", "HASE": "VND", "VNSE": "VND"}


def facts(**changes: Any) -> RevisionFacts:
    return replace(FACTS, **changes)


def of(case: Case, exchange: str, environment: Environment, part: bool) -> RevisionFacts:
    return facts(
        market=case.market,
        action=case.action,
        exchange=exchange,
        environment=environment,
        quantity=Decimal(4) if part else None,
        price=Decimal("12.50") if case.action is MODIFY else None,
        currency=CURRENCIES.get(exchange, ""),
    )


@pytest.mark.parametrize(
    ("case", "exchange", "environment", "part"),
    [
        pytest.param(*row, id=f"{row[0].market}-{row[1]}-{row[2]}-{row[0].action}-{'part' if row[3] else 'all'}")
        for row in COMBINATIONS
    ],
)
def test_every_combination_is_what_the_pages_print(
    case: Case, exchange: str, environment: Environment, part: bool
) -> None:
    wanted = expected(case, exchange, environment, part)
    asked = of(case, exchange, environment, part)
    if isinstance(wanted, Reason):
        with pytest.raises(UnsupportedError) as refused:
            revisions.request(asked)
        assert refused.value.reason is wanted
        return
    request = revisions.request(asked)
    assert (TRS[request.operation].path, tr_id(request.operation, environment), request.body) == wanted


def test_the_combinations_are_all_there_are() -> None:
    everywhere = {
        M.US_RESERVED: US,
        M.ASIA_RESERVED: ASIA,
        M.US_DAYTIME: US,
        M.US: US,
        M.ASIA: ASIA,
        M.FO_DAY: "KRX",
        M.FO_NIGHT: "KRX",
        M.KRX: "KRX NXT SOR",
    }
    assert set(everywhere) == set(Market)
    all_there_are = {(m, x, a) for m, exchanges in everywhere.items() for x in exchanges.split() for a in Action}
    listed = [(case.market, x, case.action) for case in CASES for x in case.exchanges.split()]
    assert sorted(listed) == sorted(all_there_are)


def test_every_row_of_the_table_is_listed_here() -> None:
    listed = {(case.market, x, case.action) for case in CASES for x in case.exchanges.split()}
    for market, exchange, action in revisions.TABLE:
        assert (market, exchange, action) in listed or (not exchange and {x for m, x, a in listed if m is market})


def test_what_is_offered_is_what_can_be_asked_for() -> None:
    for case, exchange, environment, part in COMBINATIONS:
        wanted = expected(case, exchange, environment, part)
        act = Act(case.market, case.action, exchange, paper=environment is PAPER, part=part)
        assert refusal(revisions.OFFERED, act) == (wanted if isinstance(wanted, Reason) else None)


def test_the_row_of_an_act_can_be_looked_up() -> None:
    found = revisions.offer(M.US_RESERVED, "NASD", CANCEL)
    assert found is not None
    assert found.operation is Operation.US_RESERVE_CANCEL
    assert revisions.offer(M.US_RESERVED, "NASD", MODIFY) is None
    assert revisions.offer(M.ASIA, "SHAA", CANCEL) is not None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exchange": ""}, Reason.EXCHANGE_UNKNOWN),
        ({"exchange": "OTCB"}, Reason.EXCHANGE_UNKNOWN),
        ({"market": M.ASIA, "exchange": "NASD"}, Reason.EXCHANGE_UNKNOWN),
        ({"market": M.KRX, "exchange": ""}, Reason.EXCHANGE_UNKNOWN),
        ({"market": M.US, "action": MODIFY, "price": Decimal(1), "order_type": "35"}, Reason.ALGORITHM_NOT_MODIFIABLE),
        ({"market": M.US, "action": MODIFY, "price": Decimal(1), "order_type": "36"}, Reason.ALGORITHM_NOT_MODIFIABLE),
        (
            {"market": M.KRX, "exchange": "KRX", "action": MODIFY, "price": Decimal(1), "order_type": "22"},
            Reason.MODIFY_NOT_OFFERED,
        ),
    ],
)
def test_what_is_not_taken_is_refused_before_anything_is_sent(changes: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(UnsupportedError, match=reason.value) as refused:
        revisions.request(facts(**changes))
    assert refused.value.reason is reason


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
