"""The portal as a program uses it: REST with a bearer token."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

PAGE_SIZE = 500
PATIENCE = 180.0  # seconds; how fast an answer is, is measured elsewhere


@dataclass
class Portal:
    """One person's access to one web process. Safe for threads: each has a session of its own."""

    port: int
    token: str
    _local: threading.local = field(default_factory=threading.local)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=PATIENCE).ok
        except requests.ConnectionError:
            return False

    def get(self, path: str) -> Any:
        """JSON of `/api/v1/PATH`. Raises requests.RequestException."""
        answer = self._http.get(f"{self.url}/api/v1/{path}", timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()

    def rows(self, path: str) -> Iterator[dict[str, Any]]:
        """Every row of a list, all pages."""
        joined = "&" if "?" in path else "?"
        address = f"{self.url}/api/v1/{path}{joined}page_size={PAGE_SIZE}"
        while address:
            answer = self._http.get(address, timeout=PATIENCE)
            answer.raise_for_status()
            page = answer.json()
            yield from page["results"]
            address = page["next"]

    def command(self, order: dict[str, Any], act: str, key: uuid.UUID, **values: Any) -> requests.Response:
        """POST a cancel or modify of an order's row as it was read, on a connection of its own, as a click has."""
        return requests.post(
            f"{self.url}/api/v1/orders/{order['id']}/{act}/",
            json={"expected_version": order["version"], **values},
            headers={**self._headers, "Idempotency-Key": str(key)},
            timeout=PATIENCE,
        )

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def _http(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.headers.update(self._headers)
        session: requests.Session = self._local.session
        return session
