"""What can be modified or canceled; the body is written from the field table of KIS 주식정정취소가능주문조회."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.domain.events import Side
from orders.kis.schemas import Revisable, revisable_page

ROW = {
    "ord_gno_brno": "06010",
    "odno": "0000004336",
    "orgn_odno": "",
    "ord_dvsn_name": "지정가",
    "pdno": "005930",
    "prdt_name": "삼성전자",
    "rvse_cncl_dvsn_name": "",
    "ord_qty": "10",
    "ord_unpr": "70000",
    "ord_tmd": "110000",
    "tot_ccld_qty": "4",
    "tot_ccld_amt": "280000",
    "psbl_qty": "6",
    "sll_buy_dvsn_cd": "02",
    "ord_dvsn_cd": "00",
    "mgco_aptm_odno": "",
    "excg_dvsn_cd": "02",
    "excg_id_dvsn_cd": "SOR",
    "excg_id_dvsn_name": "SOR",
    "stpm_cndt_pric": "0",
    "stpm_efct_occr_yn": "N",
}


def test_what_a_cancel_needs_is_read() -> None:
    page = revisable_page([ROW, dict.fromkeys(ROW, "")])
    assert page.bad == ()
    assert page.rows == (
        Revisable(
            number=4336,
            orig_number=None,
            symbol="005930",
            side=Side.BUY,
            psbl_qty=Decimal(6),
            price=Decimal(70000),
            order_type="00",
            exchange="SOR",
            forward_org="06010",
        ),
    )


def test_a_modified_order_names_its_original_and_a_blank_exchange_is_krx() -> None:
    (row,) = revisable_page([ROW | {"orgn_odno": "0000004335", "excg_id_dvsn_cd": ""}]).rows
    assert (row.orig_number, row.exchange) == (4335, "KRX")


@pytest.mark.parametrize("name", ["odno", "psbl_qty", "sll_buy_dvsn_cd"])
def test_a_row_without_its_core_is_reported(name: str) -> None:
    page = revisable_page([ROW | {name: ""}])
    assert page.rows == ()
    assert [bad.name for bad in page.bad] == [name]
