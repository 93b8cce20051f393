"""Exact amounts on both databases, and text that only the right key opens."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from accounts import fields
from accounts.fields import (
    AmountOutOfRange,
    DecryptionFailed,
    MoneyField,
    PriceField,
    QuantityField,
    ScaledDecimalField,
)
from accounts.models import CashBalance, ClientAccount, Firm
from tests.factories import CashBalanceFactory, ClientAccountFactory, FirmFactory

LARGEST = Decimal("922337203685477.5807")


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["0.0001", "-0.0001", "0.1", "1234567890123.4567", str(LARGEST), str(-LARGEST)])
def test_an_amount_comes_back_to_the_last_digit(text: str) -> None:
    row = CashBalanceFactory.create(cash_balance=Decimal(text))
    row.refresh_from_db()
    assert row.cash_balance == Decimal(text)


@pytest.mark.django_db
def test_an_amount_is_an_integer_in_the_database() -> None:
    row = CashBalanceFactory.create(cash_balance=Decimal("12.34"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT cash_balance FROM accounts_cashbalance WHERE id = %s", [row.pk])
        assert cursor.fetchone() == (123400,)


@pytest.mark.django_db
def test_a_sum_is_exact_where_floats_are_not() -> None:
    for text in ("0.1", "0.2", "900000000000000", "0.0001"):
        CashBalanceFactory.create(cash_balance=Decimal(text))
    total = CashBalance.objects.aggregate(total=Sum("cash_balance"))["total"]
    assert total == Decimal("900000000000000.3001")


@pytest.mark.django_db
def test_amounts_are_compared_and_ordered_as_numbers() -> None:
    for text in ("10", "9", "-1.5"):
        CashBalanceFactory.create(cash_balance=Decimal(text))
    rows = CashBalance.objects.order_by("cash_balance").values_list("cash_balance", flat=True)
    assert list(rows) == [Decimal("-1.5"), Decimal(9), Decimal(10)]
    assert CashBalance.objects.filter(cash_balance__gt=Decimal("9.5")).count() == 1
    assert CashBalance.objects.filter(cash_balance="10").count() == 1


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [("0.00005", 0), ("0.00015", 2), ("0.00025", 2), ("-0.00015", -2), ("0.00005000000000000000000000000001", 1)],
)
def test_finer_digits_are_rounded_half_to_even_in_one_step(given_text: str, kept: int) -> None:
    assert MoneyField().get_prep_value(Decimal(given_text)) == kept


def test_a_number_given_as_text_or_integer_is_taken_as_it_reads() -> None:
    assert [MoneyField().get_prep_value(value) for value in ("1.5", 2, None)] == [15000, 20000, None]


@pytest.mark.parametrize("text", ["922337203685477.5808", "-922337203685477.5808", "1E+19", "NaN", "Infinity"])
def test_what_cannot_be_kept_exactly_is_refused(text: str) -> None:
    with pytest.raises(AmountOutOfRange):
        MoneyField().get_prep_value(Decimal(text))


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.integers(0, 8))
def test_every_integer_the_column_holds_goes_there_and_back(units: int, scale: int) -> None:
    field = ScaledDecimalField(scale=scale)
    value = field.from_db_value(units)
    assert value is not None
    assert field.get_prep_value(value) == units


def test_a_form_takes_decimals_and_names_what_is_none() -> None:
    field = QuantityField()
    assert field.formfield().clean("1.25") == Decimal("1.25")
    assert field.to_python("1.25") == Decimal("1.25")
    assert field.to_python(None) is None
    with pytest.raises(ValidationError):
        field.to_python("a few")


def test_a_migration_keeps_the_scale() -> None:
    assert PriceField().deconstruct()[3] == {"scale": 8}


def keys(settings: Any, *values: bytes) -> None:
    settings.FIELD_KEYS = list(values)


def test_what_was_encrypted_is_decrypted_and_looks_different_each_time() -> None:
    sealed = [fields.encrypt("홍길동".encode()) for _ in range(2)]
    assert sealed[0] != sealed[1]
    assert [fields.decrypt(one).decode() for one in sealed] == ["홍길동"] * 2


@pytest.mark.parametrize("place", [0, 5, 16, -1], ids=["key id", "nonce", "text", "tag"])
def test_one_altered_bit_is_refused(place: int) -> None:
    sealed = bytearray(fields.encrypt(b"12345678-01"))
    sealed[place] ^= 1
    with pytest.raises(DecryptionFailed):
        fields.decrypt(bytes(sealed))


@pytest.mark.parametrize("length", [0, 3, 4, 15, 20])
def test_a_value_cut_short_is_refused(length: int) -> None:
    with pytest.raises(DecryptionFailed):
        fields.decrypt(fields.encrypt(b"12345678-01")[:length])


def test_a_new_first_key_writes_while_the_old_one_still_reads(settings: Any) -> None:
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    keys(settings, old)
    before, index = fields.encrypt(b"before"), fields.blind_index("1234567801")
    keys(settings, new, old)
    after = fields.encrypt(b"after")
    assert (fields.decrypt(before), fields.decrypt(after)) == (b"before", b"after")
    assert fields.blind_index("1234567801") == index
    keys(settings, new)
    assert fields.decrypt(after) == b"after"
    with pytest.raises(DecryptionFailed):
        fields.decrypt(before)


def test_the_blind_index_tells_values_apart_and_hides_them(settings: Any) -> None:
    keys(settings, secrets.token_bytes(32))
    index = fields.blind_index("1234567801")
    assert index == fields.blind_index("1234567801")
    assert index != fields.blind_index("1234567802")
    assert "12345678" not in index
    keys(settings, secrets.token_bytes(32))
    assert fields.blind_index("1234567801") != index


@pytest.mark.django_db
def test_personal_data_and_secrets_do_not_stand_in_the_database() -> None:
    firm = FirmFactory.create(api_key="the-api-key", api_secret="the-api-secret")
    account = ClientAccountFactory.create(firm=firm, number="0019923122221", holder_name="홍길동")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_clientaccount WHERE id = %s", [account.pk])
        stored = repr(cursor.fetchone())
        cursor.execute("SELECT * FROM accounts_firm WHERE id = %s", [firm.pk])
        stored += repr(cursor.fetchone())
    assert [text for text in ("0019923122221", "홍길동", "the-api-key", "the-api-secret") if text in stored] == []
    fresh = ClientAccount.objects.get(pk=account.pk)
    assert (fresh.number, fresh.holder_name) == ("0019923122221", "홍길동")
    assert Firm.objects.get(pk=firm.pk).api_secret == "the-api-secret"


@pytest.mark.django_db
def test_nothing_is_kept_as_nothing() -> None:
    account = ClientAccountFactory.create(holder_name="")
    with connection.cursor() as cursor:
        cursor.execute("SELECT holder_name FROM accounts_clientaccount WHERE id = %s", [account.pk])
        assert cursor.fetchone() == ("",)
    account.refresh_from_db()
    assert account.holder_name == ""


def test_encrypted_bytes_take_any_bytes_and_none() -> None:
    field: models.Field[Any, Any] = fields.EncryptedBytesField()
    raw = bytes(range(256))
    assert field.from_db_value(field.get_prep_value(raw)) == raw  # type: ignore[attr-defined]  # Django's, unstubbed
    assert field.get_prep_value(None) is None
    assert field.from_db_value(None) is None  # type: ignore[attr-defined]  # Django's, unstubbed
