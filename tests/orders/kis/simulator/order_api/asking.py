"""The bodies of the order requests as the portal's pages want them, and a way to send one with something changed."""

from __future__ import annotations

from typing import Any

import requests

from tests.orders.kis.simulator.conftest import FO, FUTURES, KRX, STOCKS, US, Desk

OVERSEAS = f"{US}/order-rvsecncl"
RESERVE = f"{US}/order-resv"
DERIVATIVES = f"{FO}/order-rvsecncl"
STOCK = f"{KRX}/order-rvsecncl"


def account(text: str) -> dict[str, str]:
    number, product = text.split("-")
    return {"CANO": number, "ACNT_PRDT_CD": product}


def overseas(order: dict[str, Any], kind: str = "02") -> dict[str, str]:
    return account(STOCKS) | {
        "OVRS_EXCG_CD": order["exchange"],
        "PDNO": order["symbol"],
        "ORGN_ODNO": str(order["number"]),
        "RVSE_CNCL_DVSN_CD": kind,
        "ORD_QTY": order["leaves"],
        "OVRS_ORD_UNPR": "0",
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }


def derivative(order: dict[str, Any], kind: str = "02") -> dict[str, str]:
    return account(FUTURES) | {
        "ORD_PRCS_DVSN_CD": "02",
        "RVSE_CNCL_DVSN_CD": kind,
        "ORGN_ODNO": str(order["number"]).zfill(10),
        "ORD_QTY": order["leaves"],
        "UNIT_PRICE": "0",
        "NMPR_TYPE_CD": "01",
        "KRX_NMPR_CNDT_CD": "0",
        "RMN_QTY_YN": "Y",
        "FUOP_ITEM_DVSN_CD": "01",
        "ORD_DVSN_CD": "01",
    }


def stock(order: dict[str, Any], kind: str = "02") -> dict[str, str]:
    return account(STOCKS) | {
        "KRX_FWDG_ORD_ORGNO": "06010",
        "ORGN_ODNO": str(order["number"]).zfill(10),
        "ORD_DVSN": "00",
        "RVSE_CNCL_DVSN_CD": kind,
        "ORD_QTY": order["leaves"],
        "ORD_UNPR": "0",
        "QTY_ALL_ORD_YN": "Y",
        "CNDT_PRIC": "",
        "EXCG_ID_DVSN_CD": "KRX",
    }


def without(body: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in body.items() if name not in names}


def code(answer: requests.Response) -> tuple[str, str]:
    body = answer.json()
    return body["rt_cd"], body["msg_cd"]


def child(desk: Desk, answer: requests.Response) -> Any:
    """The order that the request made."""
    assert code(answer)[0] == "0", answer.text
    return desk.plain(int(answer.json()["output"]["ODNO"]))
