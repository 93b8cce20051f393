from __future__ import annotations

import pytest

from orders.kis.errors import NotSentError, UnsupportedError
from orders.kis.tr_ids import TRS, Environment, Operation, notice_tr_ids, required_tr_id, tr_id

OVERSEAS = "/uapi/overseas-stock/v1/trading/"
FUTURES = "/uapi/domestic-futureoption/v1/trading/"
STOCK = "/uapi/domestic-stock/v1/trading/"

ROWS = [
    (Operation.US_BUY, f"{OVERSEAS}order", "TTTT1002U", "VTTT1002U"),
    (Operation.US_SELL, f"{OVERSEAS}order", "TTTT1006U", "VTTT1001U"),
    (Operation.HK_BUY, f"{OVERSEAS}order", "TTTS1002U", "VTTS1002U"),
    (Operation.HK_SELL, f"{OVERSEAS}order", "TTTS1001U", "VTTS1001U"),
    (Operation.SHANGHAI_BUY, f"{OVERSEAS}order", "TTTS0202U", "VTTS0202U"),
    (Operation.SHANGHAI_SELL, f"{OVERSEAS}order", "TTTS1005U", "VTTS1005U"),
    (Operation.SHENZHEN_BUY, f"{OVERSEAS}order", "TTTS0305U", "VTTS0305U"),
    (Operation.SHENZHEN_SELL, f"{OVERSEAS}order", "TTTS0304U", "VTTS0304U"),
    (Operation.JP_BUY, f"{OVERSEAS}order", "TTTS0308U", "VTTS0308U"),
    (Operation.JP_SELL, f"{OVERSEAS}order", "TTTS0307U", "VTTS0307U"),
    (Operation.VN_BUY, f"{OVERSEAS}order", "TTTS0311U", "VTTS0311U"),
    (Operation.VN_SELL, f"{OVERSEAS}order", "TTTS0310U", "VTTS0310U"),
    (Operation.US_REVISE, f"{OVERSEAS}order-rvsecncl", "TTTT1004U", "VTTT1004U"),
    (Operation.HK_REVISE, f"{OVERSEAS}order-rvsecncl", "TTTS1003U", "VTTS1003U"),
    (Operation.JP_REVISE, f"{OVERSEAS}order-rvsecncl", "TTTS0309U", "VTTS0309U"),
    (Operation.SHANGHAI_CANCEL, f"{OVERSEAS}order-rvsecncl", "TTTS0302U", "VTTS0302U"),
    (Operation.SHENZHEN_CANCEL, f"{OVERSEAS}order-rvsecncl", "TTTS0306U", "VTTS0306U"),
    (Operation.VN_CANCEL, f"{OVERSEAS}order-rvsecncl", "TTTS0312U", "VTTS0312U"),
    (Operation.US_RESERVE_BUY, f"{OVERSEAS}order-resv", "TTTT3014U", "VTTT3014U"),
    (Operation.US_RESERVE_SELL, f"{OVERSEAS}order-resv", "TTTT3016U", "VTTT3016U"),
    (Operation.ASIA_RESERVE, f"{OVERSEAS}order-resv", "TTTS3013U", "VTTS3013U"),
    (Operation.US_RESERVE_CANCEL, f"{OVERSEAS}order-resv-ccnl", "TTTT3017U", "VTTT3017U"),
    (Operation.US_RESERVATIONS, f"{OVERSEAS}order-resv-list", "TTTT3039R", None),
    (Operation.ASIA_RESERVATIONS, f"{OVERSEAS}order-resv-list", "TTTS3014R", None),
    (Operation.DAYTIME_BUY, f"{OVERSEAS}daytime-order", "TTTS6036U", None),
    (Operation.DAYTIME_SELL, f"{OVERSEAS}daytime-order", "TTTS6037U", None),
    (Operation.DAYTIME_REVISE, f"{OVERSEAS}daytime-order-rvsecncl", "TTTS6038U", None),
    (Operation.OVERSEAS_OPEN, f"{OVERSEAS}inquire-nccs", "TTTS3018R", None),
    (Operation.OVERSEAS_ORDERS, f"{OVERSEAS}inquire-ccnl", "TTTS3035R", "VTTS3035R"),
    (Operation.OVERSEAS_BALANCE, f"{OVERSEAS}inquire-balance", "TTTS3012R", "VTTS3012R"),
    (Operation.FO_DAY_ORDER, f"{FUTURES}order", "TTTO1101U", "VTTO1101U"),
    (Operation.FO_NIGHT_ORDER, f"{FUTURES}order", "STTN1101U", None),
    (Operation.FO_DAY_REVISE, f"{FUTURES}order-rvsecncl", "TTTO1103U", "VTTO1103U"),
    (Operation.FO_NIGHT_REVISE, f"{FUTURES}order-rvsecncl", "STTN1103U", None),
    (Operation.FO_DAY_ORDERS, f"{FUTURES}inquire-ccnl", "TTTO5201R", "VTTO5201R"),
    (Operation.FO_NIGHT_ORDERS, f"{FUTURES}inquire-ngt-ccnl", "STTN5201R", None),
    (Operation.FO_DAY_BALANCE, f"{FUTURES}inquire-balance", "CTFO6118R", "VTFO6118R"),
    (Operation.FO_NIGHT_BALANCE, f"{FUTURES}inquire-ngt-balance", "CTFN6118R", None),
    (Operation.KRX_REVISE, f"{STOCK}order-rvsecncl", "TTTC0013U", "VTTC0013U"),
    (Operation.KRX_REVISABLE, f"{STOCK}inquire-psbl-rvsecncl", "TTTC0084R", None),
    (Operation.KRX_ORDERS, f"{STOCK}inquire-daily-ccld", "TTTC0081R", "VTTC0081R"),
    (Operation.KRX_ORDERS_OLD, f"{STOCK}inquire-daily-ccld", "CTSC9215R", "VTSC9215R"),
    (Operation.NOTICE_FO_DAY, "", "H0IFCNI0", "H0IFCNI9"),
    (Operation.NOTICE_FO_NIGHT_FUTURES, "", "H0MFCNI0", None),
    (Operation.NOTICE_FO_NIGHT_OPTIONS, "", "H0EUCNI0", None),
    (Operation.NOTICE_OVERSEAS, "", "H0GSCNI0", "H0GSCNI9"),
    (Operation.NOTICE_KRX, "", "H0STCNI0", "H0STCNI9"),
]


@pytest.mark.parametrize(("operation", "path", "live", "paper"), ROWS)
def test_each_operation_has_its_path_and_ids(operation: Operation, path: str, live: str, paper: str | None) -> None:
    assert TRS[operation].path == path
    assert tr_id(operation, Environment.LIVE) == live
    assert tr_id(operation, Environment.PAPER) == paper


def test_the_table_has_every_operation_and_no_other() -> None:
    assert set(TRS) == set(Operation) == {row[0] for row in ROWS}


def test_what_paper_lacks_is_refused_before_sending() -> None:
    with pytest.raises(UnsupportedError, match="no daytime_revise in the paper environment") as caught:
        required_tr_id(Operation.DAYTIME_REVISE, Environment.PAPER)
    assert isinstance(caught.value, NotSentError)


def test_what_is_there_is_given() -> None:
    assert required_tr_id(Operation.DAYTIME_REVISE, Environment.LIVE) == "TTTS6038U"


def test_all_notices_of_an_environment_are_registered_together() -> None:
    assert notice_tr_ids(Environment.LIVE) == ("H0IFCNI0", "H0MFCNI0", "H0EUCNI0", "H0GSCNI0", "H0STCNI0")
    assert notice_tr_ids(Environment.PAPER) == ("H0IFCNI9", "H0GSCNI9", "H0STCNI9")
