"""One complete answer, and the evidence that its rows are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import ClientAccount
from orders import ledger
from orders.domain.events import OrderReport
from orders.lease import Fence


@dataclass(frozen=True, slots=True)
class Read:
    """One complete answer about one account. `fence` is the right of a notice stream that asked."""

    account: ClientAccount
    asked_at: datetime
    reports: tuple[OrderReport, ...]
    fence: Fence | None = None


def evidence(read: Read, row: OrderReport) -> ledger.Evidence:
    detail = {
        "number": str(row.key.number),
        "cum_qty": str(row.cum_qty),
        "leaves_qty": "" if row.leaves_qty is None else str(row.leaves_qty),
        "status": row.status.value,
        "text": row.status_text,
    }
    epoch = read.fence.mark if read.fence is not None else None
    return ledger.Evidence("inquiry", read.asked_at.isoformat(), read.asked_at, detail, epoch)
