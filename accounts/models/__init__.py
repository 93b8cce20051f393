"""Client accounts and what was synced of them, one subject a file."""

from accounts.models.accounts import Assignment, ClientAccount, ContractStatus
from accounts.models.audit import AuditEvent
from accounts.models.firms import ApiQuota, Firm, FirmKind
from accounts.models.records import CashBalance, Holding, OrderDetail, OrderExecution, Settlement, Snapshot, Trade
from accounts.models.stream import StreamEvent, StreamHead, UpstreamState
from accounts.models.sync import Dataset, RawPage, RunState, ScheduleEntry, Slot, StepState, SyncRun, SyncStep
from accounts.models.users import ApiToken, Role, User

__all__ = [
    "ApiQuota",
    "ApiToken",
    "Assignment",
    "AuditEvent",
    "CashBalance",
    "ClientAccount",
    "ContractStatus",
    "Dataset",
    "Firm",
    "FirmKind",
    "Holding",
    "OrderDetail",
    "OrderExecution",
    "RawPage",
    "Role",
    "RunState",
    "ScheduleEntry",
    "Settlement",
    "Slot",
    "Snapshot",
    "StepState",
    "StreamEvent",
    "StreamHead",
    "SyncRun",
    "SyncStep",
    "Trade",
    "UpstreamState",
    "User",
]
