"""Column types: exact amounts, encrypted text and bytes, and the blind index that finds an encrypted value.

Amounts are integers in the database, scaled by a power of ten: SQLite has no decimal type, and a float loses digits
past the fifteenth. Encrypted values are AES-256-GCM under the newest key of `settings.FIELD_KEYS`, each with the id of
its key, so that a new key can be put in front while old values stay readable.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable

NONCE_BYTES = 12
KEY_ID_BYTES = 4
INT64_MAX = 2**63 - 1


class AmountOutOfRange(ValueError):
    """The value has more digits than the column holds exactly."""


class DecryptionFailed(ValueError):
    """No key of `settings.FIELD_KEYS` opens the value, or it was altered."""


class ScaledDecimalField(models.BigIntegerField):  # type: ignore[type-arg]  # stubs type it by int; this one is Decimal
    """A Decimal kept as an integer of 10^-scale units. Finer digits are rounded half to even.

    A gateway that sends binary floats sends noise past the last meaningful digit; the raw page keeps what was sent.
    """

    # What django-stubs takes for a value that is set and read; the parent's own say int.
    _pyi_private_set_type: Decimal | int | str | Combinable  # type: ignore[assignment]  # the parent stores int
    _pyi_private_get_type: Decimal  # type: ignore[assignment]  # the parent stores int
    _pyi_lookup_exact_type: Decimal | int | str  # type: ignore[assignment]  # the parent stores int

    def __init__(self, *args: Any, scale: int = 4, **kwargs: Any) -> None:
        self.scale = scale
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "scale": self.scale}

    def from_db_value(self, value: int | None, *_: object) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.scale)

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return Decimal(str(value))
        except ArithmeticError:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value}) from None

    def get_prep_value(self, value: Any) -> int | None:
        if value is None:
            return None
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        if not number.is_finite() or number.adjusted() > 18:
            raise AmountOutOfRange(f"{self.name}: {number} cannot be stored exactly")
        scaled = int(number.scaleb(self.scale).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
        if abs(scaled) > INT64_MAX:
            raise AmountOutOfRange(f"{self.name}: {number} cannot be stored exactly")
        return scaled

    def formfield(self, **kwargs: Any) -> Any:
        return models.Field.formfield(self, **{"form_class": forms.DecimalField, **kwargs})

    @property
    def validators(self) -> list[Any]:  # the parent's are for integers
        return []


class MoneyField(ScaledDecimalField):
    """An amount of money in its currency: 4 decimals, up to 922 trillion."""

    def __init__(self, *args: Any, scale: int = 4, **kwargs: Any) -> None:
        super().__init__(*args, scale=scale, **kwargs)


class PriceField(ScaledDecimalField):
    """A price of one unit: 8 decimals, as the overseas inquiries send it."""

    def __init__(self, *args: Any, scale: int = 8, **kwargs: Any) -> None:
        super().__init__(*args, scale=scale, **kwargs)


class QuantityField(ScaledDecimalField):
    """Shares, contracts, fund units or a bond's face value: 6 decimals."""

    def __init__(self, *args: Any, scale: int = 6, **kwargs: Any) -> None:
        super().__init__(*args, scale=scale, **kwargs)


class RateField(ScaledDecimalField):
    """A ratio (0.1 is 10 %) or an exchange rate: 8 decimals."""

    def __init__(self, *args: Any, scale: int = 8, **kwargs: Any) -> None:
        super().__init__(*args, scale=scale, **kwargs)


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"portal field key id" + key).digest()[:KEY_ID_BYTES]


def encrypt(plain: bytes) -> bytes:
    """Key id, nonce, ciphertext and tag."""
    key: bytes = settings.FIELD_KEYS[0]
    nonce = os.urandom(NONCE_BYTES)
    return _key_id(key) + nonce + _cipher(key).encrypt(nonce, plain, None)


def decrypt(sealed: bytes) -> bytes:
    """The bytes given to `encrypt`. Raises DecryptionFailed."""
    key_id, nonce, body = (
        sealed[:KEY_ID_BYTES],
        sealed[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES],
        sealed[KEY_ID_BYTES + NONCE_BYTES :],
    )
    for key in settings.FIELD_KEYS:
        if _key_id(key) == key_id:
            try:
                return _cipher(key).decrypt(nonce, body, None)
            except (InvalidTag, ValueError):
                break
    raise DecryptionFailed("a stored value cannot be decrypted with the present keys")


def blind_index(value: str) -> str:
    """HMAC-SHA256 of a value, for exact search and unique constraints over encrypted columns.

    Keyed by the oldest field key, so that putting a new key in front changes no index.
    """
    key = hashlib.sha256(b"portal blind index" + settings.FIELD_KEYS[-1]).digest()
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


class EncryptedBytesField(models.BinaryField):  # type: ignore[type-arg]
    """Bytes encrypted at rest. Not searchable; keep a `blind_index` beside it where search is needed."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypt(bytes(value))

    def from_db_value(self, value: Any, *_: object) -> bytes | None:
        return None if value is None else decrypt(bytes(value))


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text encrypted at rest; the empty string is kept as it is, since it hides nothing."""

    def get_prep_value(self, value: Any) -> Any:
        if value is None or value == "":
            return value
        return base64.b64encode(encrypt(str(value).encode())).decode()

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        if not value:
            return value
        return decrypt(base64.b64decode(value)).decode()
