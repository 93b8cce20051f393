"""One app key's connection, and the headers that every REST request carries."""

from __future__ import annotations

from dataclasses import dataclass, field

import requests

from orders.kis.tr_ids import Environment


@dataclass(frozen=True, slots=True)
class KisConfig:
    """What a connection needs. `customer_type` is P, or B, which needs the last four."""

    environment: Environment
    rest_url: str
    ws_url: str
    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)
    hts_id: str = field(repr=False)
    customer_type: str = "P"
    personal_sec_key: str = field(default="", repr=False)
    mac_address: str = field(default="", repr=False)
    phone_number: str = field(default="", repr=False)
    ip_addr: str = field(default="", repr=False)

    @property
    def corporate(self) -> bool:
        return self.customer_type == "B"

    def headers(self, tr_id: str, token: str, *, tr_cont: str = "", gt_uid: str = "") -> dict[str, str]:
        """The headers of a request (요청 Header of every KIS page); `gt_uid` is for corporations only."""
        common = {
            "content-type": "application/json; charset=utf-8",
            "authorization": f"Bearer {token}",
            "appkey": self.app_key,
            "appsecret": self.app_secret,
            "tr_id": tr_id,
            "custtype": self.customer_type,
            "tr_cont": tr_cont,
        }
        if not self.corporate:
            return common
        return common | {
            "personalseckey": self.personal_sec_key,
            "seq_no": "001",
            "mac_address": self.mac_address,
            "phone_number": self.phone_number,
            "ip_addr": self.ip_addr,
            "gt_uid": gt_uid,
        }


def new_session() -> requests.Session:
    """A session that goes straight to KIS: no proxy and no netrc of the environment."""
    session = requests.Session()
    session.trust_env = False
    return session
