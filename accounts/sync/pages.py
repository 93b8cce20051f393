"""Every answer of a step is kept as it came, before anybody reads it."""

from __future__ import annotations

import hashlib

from accounts.koscom.client import RawPage as Answer
from accounts.models import RawPage, SyncStep


class PageKeeper:
    """Stores the answers of one attempt, each committed at once, and marks those that hold what cannot be booked."""

    def __init__(self, step: SyncStep) -> None:
        self._step = step
        self.query = ""
        self.count = 0
        self.last: int | None = None

    def keep(self, answer: Answer) -> None:
        self.count += 1
        row = RawPage.objects.create(
            step=self._step,
            attempt=self._step.attempt,
            sequence=self.count,
            query=self.query,
            http_status=answer.status,
            body=RawPage.packed(answer.body),
            digest=hashlib.sha256(answer.body).hexdigest(),
            received_at=answer.received_at,
        )
        self.last = row.pk

    def quarantine(self, page: int | None, reason: str) -> None:
        """Mark a kept page as one that a person must look at; nothing happens where no answer came."""
        if page is not None:
            RawPage.objects.filter(pk=page).update(quarantined=True, reason=reason[:400])
