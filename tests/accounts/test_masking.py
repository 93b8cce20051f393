"""What stays readable of a number and of a name."""

from __future__ import annotations

import pytest

from accounts.masking import mask_name, mask_number


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("12345678-01", "1234****-01"),
        ("0019923122221", "0019*******21"),
        ("001-99-23122221", "001-9*-******21"),
        ("1234567", "1234*67"),
        ("123456", "****56"),
        ("12", "**"),
        ("", ""),
    ],
)
def test_a_number_keeps_its_ends_and_its_dashes(number: str, shown: str) -> None:
    assert mask_number(number) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("홍길동", "홍*동"), ("이산", "이*"), ("남궁민수", "남**수"), ("김", "*"), ("", ""), ("Kim Lee", "K*****e")],
)
def test_a_name_keeps_its_ends(name: str, shown: str) -> None:
    assert mask_name(name) == shown
