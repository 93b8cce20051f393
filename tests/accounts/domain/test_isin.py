from __future__ import annotations

import pytest

from accounts.domain.isin import check_digit, is_isin


@pytest.mark.parametrize(
    "isin", ["KR7005930003", "KR7032830002", "KR7000020008", "US0378331005", "US67066G1040", "AU0000XVGZA3"]
)
def test_real_isins_pass(isin: str) -> None:
    assert is_isin(isin)
    assert check_digit(isin[:11]) == isin[11]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "KR0065300",
        "KR005930",
        "A005930",
        "KR7005930004",
        "kr7005930003",
        "KR70059300O3",
        "KR7005930003 ",
        "ＫＲ7005930003",
    ],
)
def test_anything_else_fails(text: str) -> None:
    assert not is_isin(text)
