/** The bar under the orders: how many are picked, what they come to, and one step that asks for all of them. */

import { h } from "./dom.js";
import { add, money, multiply } from "./format.js";
import { t } from "./i18n.js";
import { isDerivative } from "./order_cells.js";

const MOST = 200;

/** `clear()` takes the picks off the view. The bar is the page's `#selection-bar`; without it nobody may pick. */
export function createSelectionBar(clear) {
  const bar = document.getElementById("selection-bar");
  bar?.querySelector("[data-clear]").addEventListener("click", clear);
  return { show: (rows) => bar && show(bar, rows) };
}

/** Only who may trade picks orders, and only where the page has the bar. */
export function mayPick() {
  return "mayTrade" in document.documentElement.dataset && document.getElementById("selection-bar") !== null;
}

function show(bar, rows) {
  bar.hidden = rows.length === 0;
  bar.querySelector("[data-count]").textContent = t("{n}건 선택", { n: rows.length });
  bar.querySelector("[data-sums]").replaceChildren(...sums(rows).map((text) => h("span", { class: "num" }, text)));
  const button = bar.querySelector("[data-action]");
  const many = rows.length > MOST ? t("한 번에 {n}건까지 취소할 수 있습니다.", { n: MOST }) : "";
  button.dataset.dialogUrl = `/orders/cancel-selected/?${new URLSearchParams(rows.map((row) => ["order", row.id]))}`;
  button.setAttribute("aria-disabled", String(Boolean(many)));
  button.title = many;
}

/** What is left of the picked orders, a sum a currency; derivatives have contracts and no amount. */
function sums(rows) {
  const totals = new Map();
  for (const row of rows.filter((one) => !isDerivative(one) && one.price !== null)) {
    totals.set(row.currency, add(totals.get(row.currency) ?? "0", multiply(row.leaves_qty, row.price)));
  }
  return [...totals].map(([currency, total]) => `${money(total, currency)} ${currency}`);
}
