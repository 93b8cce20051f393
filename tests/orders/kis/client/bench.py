"""A client whose surroundings are recorded, and the answers that it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import requests

from orders.domain.events import OrderReport
from orders.kis.client import (
    KisClient,
    KisConfig,
    Limits,
    Ports,
)
from orders.kis.schemas import Account, ReportPage, Sessions
from tests.orders.kis.test_auth import CONFIG

ACCOUNT = Account("12345678", "01")
START, END = date(2026, 6, 1), date(2026, 6, 2)
SESSIONS = Sessions(is_daytime=lambda at: 10 <= at.hour < 18, evening_before=lambda day: day)
OVERSEAS = "https://kis.test:9443/uapi/overseas-stock/v1/trading"
CORPORATE = replace(
    CONFIG,
    customer_type="B",
    personal_sec_key="personal",
    mac_address="AABBCCDDEEFF",
    phone_number="01011112222",
    ip_addr="203.0.113.9",
)


class Bench:
    """A client whose ports are recorded."""

    def __init__(self, config: KisConfig = CONFIG) -> None:
        self.forgotten: list[str] = []
        self.slept: list[float] = []
        self.turns = 0
        self.uids = 0
        self.token: Callable[[], str] = lambda: "token"
        ports = Ports(self.give_token, self.forgotten.append, self.turn, self.uid, self.slept.append)
        self.client = KisClient(config, requests.Session(), ports, SESSIONS, Limits(connect=2, read=0.5))

    def give_token(self) -> str:
        return self.token()

    def turn(self) -> None:
        self.turns += 1

    def uid(self) -> str:
        self.uids += 1
        return f"uid-{self.uids}"


def page(rows: object, rows_field: str = "output", **fields: str) -> dict[str, object]:
    return {"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "조회 완료", rows_field: rows} | fields


def reports(pages: Iterator[ReportPage]) -> list[OrderReport]:
    return [report for found in pages for report in found.reports]
