/** The blotter on a phone: a card an order, patched in place. */

import { shortMoment } from "./business_clock.js";
import { h } from "./dom.js";
import { quantity } from "./format.js";
import { t } from "./i18n.js";
import * as cells from "./order_cells.js";
import { mayPick } from "./selection.js";

const MOST = 200;

export function createOrderCards(host, rows, matches, onPick) {
  const known = new Map();
  const picks = new Set();
  const list = h("div", { class: "order-cards" });
  const empty = h("p", { class: "empty", hidden: true }, t("조건에 맞는 주문이 없습니다."));
  host.replaceChildren(list, empty);

  const draw = () => {
    const shown = pinned([...known.values()].filter(matches)).slice(0, MOST);
    list.replaceChildren(...shown.map((row) => card(row, picks)));
    empty.hidden = shown.length > 0;
    tell();
  };
  const tell = () => onPick([...picks].map((id) => known.get(id)).filter((row) => row && cells.isOpen(row)));
  list.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-pick]")) return;
    if (target.checked) picks.add(target.dataset.pick);
    else picks.delete(target.dataset.pick);
    tell();
  });
  const replace = (next) => {
    known.clear();
    for (const row of next) known.set(String(row.id), row);
    draw();
  };
  const redrawAll = (update) => {
    for (const row of update) redraw(list, row, picks);
    tell();
  };
  replace(rows);
  return {
    replace,
    clearPicks: () => {
      picks.clear();
      draw();
    },
    patch: ({ add, update, remove }) => {
      for (const row of update) known.set(String(row.id), row);
      for (const row of remove) known.delete(String(row.id));
      if (!add.length && !remove.length && !needsOrder(list, update, matches)) return redrawAll(update);
      replace([...add, ...known.values()]);
    },
    refilter: draw,
    refreshActions: draw,
    shown: () => list.childElementCount,
    destroy: () => host.replaceChildren(),
  };
}

function needsOrder(list, rows, matches) {
  return rows.some((row) => {
    const element = find(list, row);
    const top = ["UNKNOWN", "ESCALATED"].includes(element?.dataset.commandState);
    return Boolean(element) !== matches(row) || top !== cells.isUnresolved(row);
  });
}

function redraw(list, row, picks) {
  const old = find(list, row);
  if (!old) return;
  const next = card(row, picks);
  next.classList.add("flash");
  old.replaceWith(next);
}

function find(list, row) {
  return list.querySelector(`[data-order-id="${CSS.escape(String(row.id))}"]`);
}

function pinned(rows) {
  return [...rows.filter(cells.isUnresolved), ...rows.filter((row) => !cells.isUnresolved(row))];
}

function card(row, picks) {
  const unit = cells.unitName(row);
  const heading = h("a", { class: "symbol", href: `/orders/${row.id}/` }, row.name || row.symbol);
  const buttons = h("span", { class: "row-inline push" }, ...cells.actionButtons(row));
  const element = h(
    "article",
    { class: "order-card" },
    h("div", { class: "top" }, pick(row, picks), cells.sideMark(row), heading, h("time", { class: "push tiny num muted", datetime: row.transact_time }, shortMoment(row.transact_time))),
    h(
      "dl",
      {},
      pair(t("미체결"), `${quantity(row.leaves_qty)} / ${quantity(row.order_qty)}${unit}`),
      pair(t("주문가"), `${cells.shownPrice(row)} ${row.price === null ? "" : row.currency}`),
      pair(t("계좌"), row.account_number),
      pair(t("평균체결가"), cells.averageCell(row)),
    ),
    h("div", { class: "bottom" }, cells.statusMark(row), cells.commandMark(row), buttons),
  );
  cells.markRow(element, row);
  return element;
}

function pick(row, picks) {
  if (!mayPick() || !cells.isOpen(row)) return null;
  const id = String(row.id);
  const name = t("{name} 고르기", { name: row.name || row.symbol });
  const box = h("input", { type: "checkbox", "data-pick": id, "aria-label": name });
  box.checked = picks.has(id);
  return h("label", { class: "pick" }, box);
}

function pair(label, value) {
  return h("div", {}, h("dt", {}, label), h("dd", { class: "num" }, value));
}
