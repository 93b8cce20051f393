"""What goes wrong between us and KIS.

KisError
├── NotSentError            nothing was sent: before the first request byte
│   ├── UnsupportedError    KIS takes no such request, or not in this environment
│   └── TokenWaitError      no access token now; `retry_at` says when to ask again
├── NoAnswerError           sent, and then a timeout or a reset
├── BadAnswerError          an answer that cannot be read: HTML, cut JSON, paging that does not advance
├── RefusedError            an answer that says no: `code` and `message`, in the broker's words
│   └── TokenRejectedError  EGW00121, EGW00123: the token must be issued anew
├── CryptoError             a notice that does not decrypt
├── NoticeError             a plaintext that is not a notice: `fault` and `detail`
└── NeedsMarketError        an overseas notice without its market code: ask again with the order's exchange
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from orders.domain.sessions import Reason


class KisError(Exception):
    """Everything that this room raises on purpose."""


class NotSentError(KisError):
    """No byte of the request left: the broker cannot have acted on it."""


class UnsupportedError(NotSentError):
    """KIS does not take this; `reason` is the key of the sentence that says why, None where there is none."""

    def __init__(self, message: str, reason: Reason | None = None) -> None:
        super().__init__(message)
        self.reason = reason


class TokenWaitError(NotSentError):
    """There is no access token, and none may be issued before `retry_at`."""

    def __init__(self, retry_at: datetime) -> None:
        super().__init__(f"no access token before {retry_at.isoformat()}")
        self.retry_at = retry_at


class NoAnswerError(KisError):
    """The request left and nothing readable came back in time (`timed_out`), or at all."""

    def __init__(self, message: str, *, timed_out: bool) -> None:
        super().__init__(message)
        self.timed_out = timed_out


class BadAnswerError(KisError):
    """An answer came, but it is not what KIS documents."""


class RefusedError(KisError):
    """KIS said no."""

    def __init__(self, code: str, message: str, status: int = 200) -> None:
        super().__init__(f"{code or 'no code'}: {message}")
        self.code = code
        self.message = message
        self.status = status


class TokenRejectedError(RefusedError):
    """KIS no longer takes the access token."""


class CryptoFault(StrEnum):
    KEY = "the AES key is not 32 bytes"
    IV = "the AES iv is not 16 bytes"
    BASE64 = "the payload is not base64"
    BLOCKS = "the ciphertext is not whole AES blocks"
    PADDING = "the padding is wrong: another key, or a damaged frame"
    NO_FRAME = "the message is no data frame"
    NO_KEY = "no key came for this TR id on this connection"
    PLAIN = "a plain notice frame: nobody but KIS would encrypt it, so anybody may have sent it"


class CryptoError(KisError):
    """A payload that cannot be decrypted; `fault` says why."""

    def __init__(self, fault: CryptoFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class NoticeFault(StrEnum):
    TR_ID = "not a notice TR id"
    COUNT = "the columns do not divide by the record count"
    NARROW = "fewer than 18 columns"
    ACCOUNT = "ACNT_NO is not 8 or 10 digits"
    NUMBER = "ODER_NO is not a number"
    ORIGINAL = "OODER_NO is not a number"
    SIDE = "SELN_BYOV_CLS is unknown"
    REQUEST = "RCTF_CLS is unknown"
    SYMBOL = "STCK_SHRN_ISCD is blank"
    QUANTITY = "CNTG_QTY is not a number"
    PRICE = "CNTG_UNPR is not a number"
    TIME = "STCK_CNTG_HOUR is not a time"
    REFUSED = "RFUS_YN is unknown"
    FILLED = "CNTG_YN is unknown"
    ACCEPTED = "ACPT_YN is unknown"
    ORDER_QUANTITY = "ODER_QTY is not a number"
    MARKET = "ODER_COND is not an overseas market code"
    EMPTY_FILL = "a fill without a quantity or a price"


class NoticeError(KisError):
    """A record that must not be applied; `fault` says which rule it breaks, `detail` what stood there."""

    def __init__(self, fault: NoticeFault, detail: str = "") -> None:
        super().__init__(f"{fault.value}: {detail!r}" if detail else fault.value)
        self.fault = fault
        self.detail = detail


class NeedsMarketError(KisError):
    """The notice names no market, so neither its decimals nor its currency are known."""
