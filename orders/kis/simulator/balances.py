"""Positions and sums as the vendor's balance inquiries print them (KIS 해외주식 잔고, 선물옵션 잔고현황)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orders.kis.simulator.book import ZERO, SimAccount
from orders.kis.simulator.exchanges import EXCHANGES
from orders.kis.simulator.instruments import SimInstrument
from orders.kis.simulator.positions import SimPosition

Row = dict[str, str]
DEPOSIT = Decimal(500_000_000)
_MARGIN = Decimal("0.1")  # of what the open contracts are worth
_MULTIPLIERS = {"A05": Decimal(50_000), "A75": Decimal(10_000), "A06": Decimal(10_000)}
_INDEX = Decimal(250_000)  # won a point of KOSPI200, and of its options


@dataclass(frozen=True, slots=True)
class Valued:
    """One position of `account` at the price of now."""

    account: SimAccount
    position: SimPosition
    price: Decimal

    @property
    def value(self) -> Decimal:
        return self.price * abs(self.position.qty)

    @property
    def profit(self) -> Decimal:
        gained = self.value - self.position.cost
        return gained if self.position.qty > ZERO else -gained


def valued(
    found: Sequence[SimPosition], account: SimAccount, price: Callable[[SimInstrument], Decimal]
) -> list[Valued]:
    return [Valued(account, position, price(position.instrument)) for position in found]


def overseas(held: Valued) -> Row:
    """A row of overseas inquire-balance."""
    instrument = held.position.instrument
    exchange = EXCHANGES[instrument.exchange]
    return {
        "cano": held.account.number,
        "acnt_prdt_cd": held.account.product,
        "prdt_type_cd": exchange.product_type,
        "ovrs_pdno": instrument.symbol,
        "ovrs_item_name": instrument.name,
        "frcr_evlu_pfls_amt": f"{held.profit:.6f}",
        "evlu_pfls_rt": f"{_per_cent(held.profit, held.position.cost):.2f}",
        "pchs_avg_pric": f"{held.position.average:.4f}",
        "ovrs_cblc_qty": str(held.position.qty),
        "ord_psbl_qty": str(held.position.qty),
        "frcr_pchs_amt1": f"{held.position.cost:.5f}",
        "ovrs_stck_evlu_amt": f"{held.value:.6f}",
        "now_pric2": f"{held.price:.6f}",
        "tr_crcy_cd": exchange.currency,
        "ovrs_excg_cd": exchange.code,
        "loan_type_cd": "10",
        "loan_dt": "",
        "expd_dt": "",
    }


def overseas_totals(found: Sequence[Valued]) -> Mapping[str, Any]:
    cost, profit = _sum(one.position.cost for one in found), _sum(one.profit for one in found)
    return {
        "output2": {
            "frcr_pchs_amt1": f"{cost:.5f}",
            "ovrs_rlzt_pfls_amt": "0.00000",
            "ovrs_tot_pfls": f"{profit:.5f}",
            "rlzt_erng_rt": "0.00000000",
            "tot_evlu_pfls_amt": f"{profit:.8f}",
            "tot_pftrt": f"{_per_cent(profit, cost):.8f}",
            "frcr_buy_amt_smtl1": f"{cost:.6f}",
            "ovrs_rlzt_pfls_amt2": "0.00000",
            "frcr_buy_amt_smtl2": f"{cost:.6f}",
        }
    }


def day_contract(held: Valued) -> Row:
    """A row of F/O inquire-balance."""
    position, instrument = held.position, held.position.instrument
    multiplier = _multiplier(instrument)
    return {
        "cano": held.account.number,
        "acnt_prdt_cd": held.account.product,
        "pdno": f"KR4{instrument.symbol}",
        "prdt_type_cd": "301",
        "shtn_pdno": instrument.symbol,
        "prdt_name": instrument.name,
        "sll_buy_dvsn_name": "매수" if position.qty > ZERO else "매도",
        "cblc_qty": str(abs(position.qty)),
        "excc_unpr": f"{instrument.price:.2f}",
        "ccld_avg_unpr1": f"{position.average:.8f}",
        "idx_clpr": f"{held.price:.2f}",
        "pchs_amt": f"{position.cost * multiplier:.0f}",
        "evlu_amt": f"{held.value * multiplier:.0f}",
        "evlu_pfls_amt": f"{held.profit * multiplier:.0f}",
        "trad_pfls_amt": "0",
        "lqd_psbl_qty": str(abs(position.qty)),
    }


def night_contract(held: Valued) -> Row:
    """A row of inquire-ngt-balance: the same, with the side's code."""
    code = "02" if held.position.qty > ZERO else "01"
    row = day_contract(held)
    return {**row, "sll_buy_dvsn_cd": code, "trad_dvsn_name": row["sll_buy_dvsn_name"]}


def day_totals(found: Sequence[Valued]) -> Mapping[str, Any]:
    return {"output2": _contract_totals(found) | {"tot_ccld_amt": "0", "nxdy_dncl_amt": _won(DEPOSIT)} | _ESTIMATED}


def night_totals(found: Sequence[Valued]) -> Mapping[str, Any]:
    """By night with the maintenance margins."""
    margin = _margin(found)
    kept = {"mmga_tot_amt": _won(margin), "mmga_cash_amt": _won(margin), "mtnc_rt": "0.00", "isfc_amt": "0"}
    return {"output2": _contract_totals(found) | kept}


def _contract_totals(found: Sequence[Valued]) -> Row:
    margin = _margin(found)
    profits = {"futr": ZERO, "opt": ZERO}
    for one in found:
        kind = "futr" if one.position.instrument.symbol.startswith("A") else "opt"
        profits[kind] += one.profit * _multiplier(one.position.instrument)
    return {
        **dict.fromkeys(_ZEROS, "0"),
        **dict.fromkeys(("dnca_cash", "tot_dncl_amt", "nxdy_dnca", "prsm_dpast"), _won(DEPOSIT)),
        **dict.fromkeys(("cash_mgna", "mgna_tota"), _won(margin)),
        **dict.fromkeys(
            ("pprt_ord_psbl_cash", "wdrw_psbl_tot_amt", "ord_psbl_cash", "ord_psbl_tota"), _won(DEPOSIT - margin)
        ),
        "futr_evlu_pfls_amt": _won(profits["futr"]),
        "opt_evlu_pfls_amt": _won(profits["opt"]),
        "evlu_pfls_amt_smtl": _won(profits["futr"] + profits["opt"]),
        "pchs_amt_smtl": _won(_sum(one.position.cost * _multiplier(one.position.instrument) for one in found)),
        "evlu_amt_smtl": _won(_sum(one.value * _multiplier(one.position.instrument) for one in found)),
    }


_ESTIMATED = {"prsm_dpast_amt": f"{DEPOSIT:.0f}"}
_ZEROS = (
    *("frcr_dncl_amt", "dnca_sbst", "sbst_mgna", "opt_dfpa", "thdt_dfpa", "rnwl_dfpa", "fee"),
    *("add_mgna_cash", "add_mgna_tota", "futr_trad_pfls_amt", "opt_trad_pfls_amt", "trad_pfls_amt_smtl"),
    "ord_psbl_sbst",
)


def _margin(found: Sequence[Valued]) -> Decimal:
    return _sum(one.value * _multiplier(one.position.instrument) for one in found) * _MARGIN


def _multiplier(instrument: SimInstrument) -> Decimal:
    return _MULTIPLIERS.get(instrument.symbol[:3], _INDEX)


def _sum(amounts: Any) -> Decimal:
    return sum(amounts, ZERO)


def _per_cent(part: Decimal, whole: Decimal) -> Decimal:
    return part / whole * 100 if whole else ZERO


def _won(amount: Decimal) -> str:
    return f"{amount:.0f}"
