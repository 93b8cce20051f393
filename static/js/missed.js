/**
 * What was missed while a line was cut, once it is back: between browser and server (`#link-back`), and between server
 * and KIS (`#kis-back`), where the server itself says what its inquiries recovered.
 */

import { businessNow } from "./business_clock.js";
import { h, icon } from "./dom.js";
import { bootData } from "./feed.js";
import { quantity, subtract, time } from "./format.js";
import { t } from "./i18n.js";
import { statusName } from "./order_cells.js";

const LOOK_BACK_MS = 600_000;
const WORTH_A_LINE_MS = 5_000;
const MOST_LINES = 3;
const MOST_ORDERS = 40;
const DISMISSED = "portal-recoveries-seen";
const missed = new Map();

export function startMissed() {
  document.addEventListener("live:event", ({ detail }) => {
    if (detail.entity === "recovery") loadRecoveries(); // the event names no orders: whose they are is asked anew
    if (detail.entity === "order" && detail.recovered && !bootData()) noteMissed({ before: undefined, row: detail.row });
  });
  document.addEventListener("live:returned", showMissed);
  if (document.getElementById("blotter")) loadRecoveries();
}

/** One change that came after a loss; `before` undefined where the page does not know what was there. */
export function noteMissed({ before, row }) {
  const known = missed.get(String(row.id));
  missed.set(String(row.id), { before: known ? known.before : before, row });
}

/** What a change brought, in words, and how many fills at the least: `[fills, text]`. */
export function told({ before, row }) {
  const filled = before ? subtract(row.cum_qty, before.cum_qty) : null;
  const parts = [];
  if (filled !== null && quantity(filled) !== "0") parts.push(t("체결 {n}", { n: quantity(filled) }));
  if (before === null) parts.push(t("새 주문"));
  if (before && before.price !== row.price) parts.push(t("가격 변경"));
  if (!before || before.status !== row.status) parts.push(statusName(row));
  return { fills: filled !== null && quantity(filled) !== "0" ? 1 : 0, text: parts.join(" · ") || t("변경") };
}

function showMissed() {
  const banner = document.getElementById("link-back");
  const changes = [...missed.values()].map((change) => ({ ...told(change), row: change.row }));
  missed.clear();
  if (!banner) return;
  const fills = changes.reduce((sum, one) => sum + one.fills, 0);
  const parts = [t("체결 {n}건 복구", { n: fills })];
  if (changes.length > fills) parts.push(t("주문 {n}건 변경", { n: changes.length }));
  banner.querySelector("[data-recovered]").textContent = `· ${parts.join(" · ")}`;
  banner.querySelector("[data-list]").replaceChildren(list(changes.map(({ row, text }) => line(row, text))));
}

function list(lines) {
  if (!lines.length) return "";
  const summary = h("summary", {}, t("바뀐 주문 {n}건", { n: lines.length }));
  const rest = lines.length > MOST_ORDERS ? h("li", {}, t("외 {n}건", { n: lines.length - MOST_ORDERS })) : null;
  return h("details", { class: "missed" }, summary, h("ul", {}, ...lines.slice(0, MOST_ORDERS), rest));
}

function line(row, text) {
  return h("li", {}, h("a", { class: "link", href: `/orders/${row.id}/` }, row.name || row.symbol), h("span", { class: "num" }, text));
}

/** One recovery of the server's: only one that is over, and that changed something or took a while. */
function showRecovery(row) {
  const host = document.getElementById("kis-back");
  if (!host || !row.ended_at || !worthTelling(row) || dismissed().includes(row.id)) return;
  host.querySelector(`[data-recovery="${row.id}"]`)?.remove();
  host.prepend(banner(row));
  while (host.childElementCount > MOST_LINES) host.lastElementChild.remove();
  document.dispatchEvent(new CustomEvent("orders:recovered", { detail: row.orders.map((order) => String(order.id)) }));
}

/** A first start has missed nothing: all that it reads is what was there. */
function worthTelling({ orders, reason, lost_at, began_at, ended_at }) {
  if (reason === "start" && Date.parse(began_at) - Date.parse(lost_at) < WORTH_A_LINE_MS) return false;
  return orders.length > 0 || Date.parse(ended_at) - Date.parse(lost_at) >= WORTH_A_LINE_MS;
}

function banner(row) {
  const span = { name: row.connection, from: time(row.lost_at), to: time(row.ended_at) };
  const outcome = row.fills ? t("체결 {n}건 복구", { n: row.fills }) : t("놓친 체결 없음");
  const text = `${t("{name} {from}~{to} 체결통보 끊김 · 재조회 완료", span)} · ${outcome}`;
  const close = h("button", { type: "button", class: "btn btn-sm" }, t("닫기"));
  const body = h("div", {}, h("span", { class: "num" }, text), list(row.orders.map((order) => line(order, recovered(order)))));
  const element = h("div", { class: "alert", role: "status", "data-recovery": row.id }, icon("check"), body, close);
  close.addEventListener("click", () => {
    dismiss(row.id);
    element.remove();
  });
  return element;
}

function recovered(order) {
  const fills = order.fills ? [t("체결 {n}건 {quantity}", { n: order.fills, quantity: quantity(order.quantity) })] : [];
  return [...fills, statusName(order)].join(" · ");
}

async function loadRecoveries() {
  const since = new Date(businessNow() - LOOK_BACK_MS).toISOString();
  const url = `/api/v1/orders/recoveries/?${new URLSearchParams({ since })}`;
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
  if (!response?.ok) return; // the next one is asked for with the next event
  for (const row of (await response.json()).results.reverse()) showRecovery(row);
}

function dismissed() {
  try {
    return JSON.parse(localStorage.getItem(DISMISSED)) ?? [];
  } catch {
    return [];
  }
}

function dismiss(id) {
  try {
    localStorage.setItem(DISMISSED, JSON.stringify([...dismissed(), id].slice(-100)));
  } catch {
    // a browser that keeps nothing shows the line again with the next page
  }
}
