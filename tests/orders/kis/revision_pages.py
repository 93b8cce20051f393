"""What the vendor's pages print for every modify and cancel, copied as it stands there; none of it is computed.

Pages: KIS "해외주식 정정취소주문", "해외주식 예약주문접수취소", "해외주식 예약주문접수", "해외주식 미국주간정정취소",
"선물옵션 정정취소주문" and "주식주문(정정취소)". Ten are left of the order, and four are a part of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from orders.domain.events import Market
from orders.domain.sessions import Action, Reason

M = Market
CANCEL, MODIFY = Action.CANCEL, Action.MODIFY
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
        "ORGN_ODNO": "0030138113",
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
        "ORGN_ODNO": "0030138113",
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
