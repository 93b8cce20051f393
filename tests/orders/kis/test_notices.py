from __future__ import annotations

from typing import Any

import pytest

from orders.kis.errors import NoticeError, NoticeFault
from orders.kis.notices import LAYOUTS, ExecutionNotice, Record, parse_notices, parse_record, split_records
from tests.orders.kis import samples

FUTURES_CORE = (
    "desk01^1234567803^0000001666^^02^0^0^111V06^0000000002^007840000^095835^0^2^2^00950^000000000^김한국^삼성 F"
)
STOCK_CORE = "desk01^1234567801^0000001666^^02^0^00^0^005930^0000000002^000070000^095835^0^2^2^00950^000000002^김한국"
OVERSEAS_CORE = "desk01^12345678^3567^^02^0^2^AAPL^0000000002^001480100^095835^0^2^2^^000000002^김한국^애플"
CORES = {"H0IF": FUTURES_CORE, "H0MF": FUTURES_CORE, "H0EU": FUTURES_CORE, "H0GS": OVERSEAS_CORE, "H0ST": STOCK_CORE}

FUTURES_LATER = ["ODER_COND", "ORD_GRP", "ORD_GRPSEQ", "ORDER_PRC"]
OVERSEAS_LATER = ["ODER_COND", "DEBT_GB", "DEBT_DATE", "START_TM", "END_TM", "TM_DIV_TP", "CNTG_UNPR12"]
STOCK_23 = ["CNTG_ISNM", "CRDT_CLS", "CRDT_LOAN_DATE", "CNTG_ISNM40", "ODER_PRC"]
STOCK_26 = [
    *("ORD_COND_PRC", "ORD_EXG_GB", "POPUP_YN", "FILLER"),
    *("CRDT_CLS", "CRDT_LOAN_DATE", "CNTG_ISNM40", "ODER_PRC"),
]


def one(tr_id: str, plaintext: str) -> ExecutionNotice:
    (notice,) = parse_notices(tr_id, 1, plaintext)
    return notice


def with_column(index: int, value: str, plaintext: str = FUTURES_CORE) -> str:
    columns = plaintext.split("^")
    columns[index] = value
    return "^".join(columns)


def vendor_fields(notice: ExecutionNotice) -> dict[str, str]:
    core = {
        "CUST_ID": notice.cust_id,
        "ACNT_NO": notice.acnt_no,
        "ODER_NO": notice.oder_no,
        "OODER_NO": notice.ooder_no,
        "SELN_BYOV_CLS": notice.seln_byov_cls,
        "RCTF_CLS": notice.rctf_cls,
        "ODER_KIND2": notice.oder_kind,
        "STCK_SHRN_ISCD": notice.stck_shrn_iscd,
        "CNTG_QTY": notice.cntg_qty,
        "CNTG_UNPR": notice.cntg_unpr,
        "STCK_CNTG_HOUR": notice.stck_cntg_hour,
        "RFUS_YN": notice.rfus_yn,
        "CNTG_YN": notice.cntg_yn,
        "ACPT_YN": notice.acpt_yn,
        "BRNC_NO": notice.brnc_no,
        "ODER_QTY": notice.oder_qty,
        "ACNT_NAME": notice.acnt_name,
        "CNTG_ISNM": notice.cntg_isnm,
    }
    return core | dict(notice.later)


@pytest.mark.parametrize("name", ["notice_H0IFCNI0_fill.json", "notice_H0EUCNI0_order_accept.json"])
def test_every_field_of_the_sample_notices_is_read(name: str) -> None:
    sample: dict[str, Any] = samples.read(name)
    notice = one(sample["tr_id"], sample["plaintext"])
    assert vendor_fields(notice) == sample["fields"]
    assert notice.known_layout
    assert notice.extra == ()
    assert len(sample["fields"]) == sample["count"]


@pytest.mark.parametrize(
    ("tr_id", "width", "names"),
    [
        ("H0IFCNI0", 22, FUTURES_LATER),
        ("H0IFCNI9", 22, FUTURES_LATER),
        ("H0MFCNI0", 19, FUTURES_LATER[:1]),
        ("H0EUCNI0", 19, FUTURES_LATER[:1]),
        *((tr_id, 21, OVERSEAS_LATER[:3]) for tr_id in ("H0GSCNI0", "H0GSCNI9")),
        *((tr_id, 24, OVERSEAS_LATER[:6]) for tr_id in ("H0GSCNI0", "H0GSCNI9")),
        *((tr_id, 25, OVERSEAS_LATER) for tr_id in ("H0GSCNI0", "H0GSCNI9")),
        *((tr_id, 23, STOCK_23) for tr_id in ("H0STCNI0", "H0STCNI9")),
        *((tr_id, 26, STOCK_26) for tr_id in ("H0STCNI0", "H0STCNI9")),
    ],
)
def test_each_known_width_names_its_later_columns(tr_id: str, width: int, names: list[str]) -> None:
    values = ["6" if name == "ODER_COND" else f"v{index}" for index, name in enumerate(names)]
    notice = one(tr_id, "^".join([CORES[tr_id[:4]], *values]))
    assert notice.later == tuple(zip(names, values, strict=True))
    assert notice.known_layout
    assert width in LAYOUTS[tr_id]
    assert 18 + len(names) == width
    assert notice.column(names[0]) == values[0]
    assert notice.column("NOT_THERE") == ""


def test_no_other_width_is_known() -> None:
    assert {tr_id: sorted(widths) for tr_id, widths in LAYOUTS.items()} == {
        "H0IFCNI0": [22],
        "H0IFCNI9": [22],
        "H0MFCNI0": [19],
        "H0EUCNI0": [19],
        "H0GSCNI0": [21, 24, 25],
        "H0GSCNI9": [21, 24, 25],
        "H0STCNI0": [23, 26],
        "H0STCNI9": [23, 26],
    }


def test_the_stock_notice_has_its_condition_before_the_symbol() -> None:
    notice = one("H0STCNI0", STOCK_CORE)
    assert (notice.oder_kind, notice.oder_cond, notice.stck_shrn_iscd) == ("00", "0", "005930")
    assert (notice.cntg_qty, notice.cntg_unpr, notice.acnt_name) == ("0000000002", "000070000", "김한국")


@pytest.mark.parametrize(
    ("later", "name"), [("이름^^^^", "이름"), ("^^^긴이름^", "긴이름"), ("^^^^^^긴이름^", "긴이름")]
)
def test_the_stock_name_comes_from_the_longer_column(later: str, name: str) -> None:
    assert one("H0STCNI0", f"{STOCK_CORE}^{later}").cntg_isnm == name


@pytest.mark.parametrize("width", [18, 19, 20, 21, 23, 30])
def test_an_unknown_width_is_read_by_its_core_and_kept(width: int) -> None:
    extra = [f"x{index}" for index in range(width - 18)]
    notice = one("H0IFCNI0", "^".join([FUTURES_CORE, *extra]))
    assert notice.oder_no == "0000001666"
    assert notice.extra == tuple(extra)
    assert notice.later == ()
    assert not notice.known_layout


@pytest.mark.parametrize("width", [19, 22, 26])
def test_the_overseas_market_is_core_at_any_width(width: int) -> None:
    notice = one("H0GSCNI0", "^".join([OVERSEAS_CORE, "7", *[""] * (width - 19)]))
    assert notice.oder_cond == "7"
    assert not notice.known_layout


@pytest.mark.parametrize("tail", ["", "^", "^ "])
def test_the_overseas_market_may_be_absent(tail: str) -> None:
    assert one("H0GSCNI0", OVERSEAS_CORE + tail).oder_cond == ""


def test_records_follow_each_other_without_a_separator() -> None:
    second = with_column(2, "0000001667")
    notices = parse_notices("H0IFCNI0", 2, f"{FUTURES_CORE}^{second}")
    assert [notice.oder_no for notice in notices] == ["0000001666", "0000001667"]


def test_one_broken_record_leaves_its_neighbour_readable() -> None:
    good, bad = split_records("H0IFCNI0", 2, f"{FUTURES_CORE}^{with_column(8, 'x')}")
    assert parse_record(good).cntg_qty == "0000000002"
    with pytest.raises(NoticeError):
        parse_record(bad)


def test_blanks_and_nul_are_taken_off() -> None:
    assert one("H0IFCNI0", with_column(17, " 삼성\x00 F  ")).cntg_isnm == "삼성 F"


def test_names_are_tolerated_whatever_they_hold() -> None:
    assert one("H0IFCNI0", with_column(16, "******")).acnt_name == "******"


def test_personal_data_stays_out_of_the_reprs() -> None:
    (record,) = split_records("H0IFCNI0", 1, FUTURES_CORE)
    for shown in (repr(record), repr(parse_record(record))):
        assert "김한국" not in shown
        assert "1234567803" not in shown


@pytest.mark.parametrize(
    ("tr_id", "count", "plaintext", "fault"),
    [
        ("H0STCNT0", 1, STOCK_CORE, NoticeFault.TR_ID),
        ("H0IFCNI0", 5, FUTURES_CORE, NoticeFault.COUNT),
        ("H0IFCNI0", 1, "^".join("x" * 17), NoticeFault.NARROW),
        ("H0IFCNI0", 2, FUTURES_CORE, NoticeFault.NARROW),
        ("H0IFCNI0", 1, "", NoticeFault.NARROW),
    ],
)
def test_a_payload_that_cannot_be_cut_gives_its_reason(
    tr_id: str, count: int, plaintext: str, fault: NoticeFault
) -> None:
    with pytest.raises(NoticeError) as caught:
        split_records(tr_id, count, plaintext)
    assert caught.value.fault is fault


@pytest.mark.parametrize(
    ("index", "value", "fault"),
    [
        (1, "", NoticeFault.ACCOUNT),
        (1, "123456789", NoticeFault.ACCOUNT),
        (1, "1234567x", NoticeFault.ACCOUNT),
        (1, "１２３４５６７８", NoticeFault.ACCOUNT),
        (2, "", NoticeFault.NUMBER),
        (2, "0000000000", NoticeFault.NUMBER),
        (2, "-1", NoticeFault.NUMBER),
        (2, "00000000001", NoticeFault.NUMBER),
        (3, "12a", NoticeFault.ORIGINAL),
        (4, "", NoticeFault.SIDE),
        (4, "03", NoticeFault.SIDE),
        (5, "", NoticeFault.REQUEST),
        (5, "3", NoticeFault.REQUEST),
        (7, "", NoticeFault.SYMBOL),
        (8, "", NoticeFault.QUANTITY),
        (8, "2.5", NoticeFault.QUANTITY),
        (9, "1,000", NoticeFault.PRICE),
        (9, "-00000100", NoticeFault.PRICE),
        (9, "NaN", NoticeFault.PRICE),
        (10, "240000", NoticeFault.TIME),
        (10, "126000", NoticeFault.TIME),
        (10, "0958", NoticeFault.TIME),
        (11, "N", NoticeFault.REFUSED),
        (11, "2", NoticeFault.REFUSED),
        (12, "Y", NoticeFault.FILLED),
        (12, "0", NoticeFault.FILLED),
        (13, "", NoticeFault.ACCEPTED),
        (13, "4", NoticeFault.ACCEPTED),
        (15, "x", NoticeFault.ORDER_QUANTITY),
        (8, "0000000000", NoticeFault.EMPTY_FILL),
        (9, "000000000", NoticeFault.EMPTY_FILL),
        (9, "", NoticeFault.EMPTY_FILL),
    ],
)
def test_a_core_field_out_of_its_rule_stops_the_record(index: int, value: str, fault: NoticeFault) -> None:
    with pytest.raises(NoticeError) as caught:
        one("H0IFCNI0", with_column(index, value))
    assert caught.value.fault is fault
    assert fault.value in str(caught.value)


def test_an_unknown_overseas_market_stops_the_record() -> None:
    with pytest.raises(NoticeError) as caught:
        one("H0GSCNI0", f"{OVERSEAS_CORE}^Z")
    assert caught.value.fault is NoticeFault.MARKET


@pytest.mark.parametrize("side", ["01", "02", "03", "04"])
def test_overseas_knows_four_sides(side: str) -> None:
    assert one("H0GSCNI0", with_column(4, side, OVERSEAS_CORE)).seln_byov_cls == side


@pytest.mark.parametrize(("index", "value"), [(3, "0000000000"), (9, "000000000"), (9, ""), (10, ""), (15, "")])
def test_what_an_acceptance_may_leave_out(index: int, value: str) -> None:
    accepted = with_column(12, "1")
    assert one("H0IFCNI0", with_column(index, value, accepted)).cntg_yn == "1"


def test_a_refusal_with_nothing_filled_is_no_empty_fill() -> None:
    refused = with_column(8, "0", with_column(11, "1"))
    assert parse_record(Record("H0IFCNI0", tuple(refused.split("^")))).rfus_yn == "1"
