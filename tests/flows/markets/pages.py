"""Bodies of modifies and cancels as the vendor's pages print them; none of it is computed by the product.

KIS "해외주식 정정취소주문", "해외주식 예약주문접수", "선물옵션 정정취소주문" and "주식주문(정정취소)".
"""

from __future__ import annotations

from orders.models import Order

Body = dict[str, str]
UNPADDED, PADDED = "<number>", "<ten digits>"
OVERSEAS = "/uapi/overseas-stock/v1/trading"
FUTURES = "/uapi/domestic-futureoption/v1/trading"
STOCK = "/uapi/domestic-stock/v1/trading"


def overseas(exchange: str, symbol: str, kind: str, quantity: str, price: str) -> Body:
    return {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "OVRS_EXCG_CD": exchange,
        "PDNO": symbol,
        "ORGN_ODNO": UNPADDED,
        "RVSE_CNCL_DVSN_CD": kind,
        "ORD_QTY": quantity,
        "OVRS_ORD_UNPR": price,
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }


def derivatives(kind: str, quantity: str, price: str, everything: str, product: str) -> Body:
    return {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "03",
        "ORD_PRCS_DVSN_CD": "02",
        "RVSE_CNCL_DVSN_CD": kind,
        "ORGN_ODNO": PADDED,
        "ORD_QTY": quantity,
        "UNIT_PRICE": price,
        "NMPR_TYPE_CD": "01",
        "KRX_NMPR_CNDT_CD": "0",
        "RMN_QTY_YN": everything,
        "ORD_DVSN_CD": "01",
        "FUOP_ITEM_DVSN_CD": product,
    }


def stock(exchange: str, kind: str, quantity: str, price: str, everything: str) -> Body:
    return {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "KRX_FWDG_ORD_ORGNO": "06010",
        "ORGN_ODNO": PADDED,
        "ORD_DVSN": "00",
        "RVSE_CNCL_DVSN_CD": kind,
        "ORD_QTY": quantity,
        "ORD_UNPR": price,
        "QTY_ALL_ORD_YN": everything,
        "CNDT_PRIC": "",
        "EXCG_ID_DVSN_CD": exchange,
    }


def asian_reservation(exchange: str, symbol: str, product_type: str, price: str) -> Body:
    return {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "SLL_BUY_DVSN_CD": "02",
        "RVSE_CNCL_DVSN_CD": "02",
        "PDNO": symbol,
        "PRDT_TYPE_CD": product_type,
        "OVRS_EXCG_CD": exchange,
        "FT_ORD_QTY": "10",
        "FT_ORD_UNPR3": price,
        "ORD_SVR_DVSN_CD": "0",
        "RSVN_ORD_RCIT_DT": "20261120",
        "OVRS_RSVN_ODNO": UNPADDED,
    }


def sent(body: Body, order: Order) -> Body:
    """The body with the number that it has to name: the order's first, as the page's lists print it."""
    first = order.numbers.first()
    assert first is not None
    words = {UNPADDED: str(first.number), PADDED: f"{first.number:010d}"}
    return {name: words.get(value, value) for name, value in body.items()}
