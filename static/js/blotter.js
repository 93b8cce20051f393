/** The live blotter: takes over the server's rows, draws news at most ten times a second, speaks at most each 5 s. */

import { businessNow, tick } from "./business_clock.js";
import { bootData } from "./feed.js";
import { t } from "./i18n.js";
import { createOrderCards } from "./order_cards.js";
import { noteMissed } from "./missed.js";
import { isOpen, isUnresolved } from "./order_cells.js";
import { createOrderGrid } from "./order_grid.js";
import { OrderStore, meaning } from "./order_store.js";
import { createSelectionBar } from "./selection.js";

const DRAW_MS = 100;
const SPEAK_MS = 5_000;
const narrow = matchMedia("(max-width: 760px)");
const host = document.getElementById("blotter-rows");
const store = new OrderStore(bootData()?.rows ?? []);
const query = new URLSearchParams(location.search);
const asked = query.get("status") ?? ""; // the server's own filter, kept for what arrives later
const filter = { state: "all", market: query.get("market") ?? "", text: "" };
const spoken = { doubts: 0, fills: 0, refusals: 0, cancels: 0, orders: 0 };
let view = null;
const picks = createSelectionBar(() => view.clearPicks());
let drawing = false;
let seenHours = "";

const GROUPS = {
  all: () => true,
  open: (row) => isOpen(row) || isUnresolved(row),
  filled: (row) => row.status === "FILLED" || row.status === "PARTIALLY_FILLED",
  closed: (row) => ["CANCELED", "REJECTED", "NOT_SENT", "EXPIRED"].includes(row.status),
  unresolved: isUnresolved,
};

const stands = (row) => !row.merged_into; // else it goes on in the row of its reservation

function matches(row) {
  if (!stands(row)) return false;
  if (asked && row.status !== asked) return false;
  if (!GROUPS[filter.state](row) || (filter.market && row.market !== filter.market)) return false;
  if (!filter.text) return true;
  const words = [row.name, row.symbol, row.order_id, row.reserved_id, row.account_number, row.account_alias];
  return words.some((word) => String(word ?? "").toLowerCase().includes(filter.text));
}

function build() {
  view?.destroy();
  host.replaceChildren();
  host.classList.toggle("grid-host", !narrow.matches);
  const make = narrow.matches ? createOrderCards : createOrderGrid;
  view = make(host, store.all(), matches, (rows) => picks.show(rows));
  tally();
}

function plan() {
  if (drawing || document.hidden) return;
  drawing = true;
  setTimeout(() => requestAnimationFrame(draw), DRAW_MS);
}

function draw() {
  drawing = false;
  const changes = store.drain();
  if (!changes.add.length && !changes.update.length && !changes.remove.length) return;
  view.patch(changes);
  tick(host);
  tally();
}

function tally() {
  const rows = store.all().filter(stands);
  for (const button of document.querySelectorAll("[data-filter-state]")) {
    const count = rows.filter(GROUPS[button.dataset.filterState]).length;
    button.querySelector(".count").textContent = String(count);
  }
  const none = document.getElementById("blotter-empty");
  if (none) none.hidden = rows.length > 0;
}

function listen(change) {
  const news = meaning(change);
  for (const kind of Object.keys(spoken)) spoken[kind] += news[kind];
  if (change.row.restored) noteMissed(change);
}

function speak() {
  const parts = [
    [spoken.doubts, "결과 미확인 {n}건"],
    [spoken.fills, "체결 {n}건"],
    [spoken.refusals, "거부 {n}건"],
    [spoken.cancels, "취소 {n}건"],
    [spoken.orders, "새 주문 {n}건"],
  ];
  const text = parts.filter(([n]) => n).map(([n, words]) => t(words, { n })).join(", ");
  for (const kind of Object.keys(spoken)) spoken[kind] = 0;
  if (text && !document.hidden) document.getElementById("announcer").textContent = text;
}

/** Reads the page again: one consistent picture of head and rows, under the same rights and filters. */
async function readSnapshot() {
  const response = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
  if (!response.ok) return null;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return JSON.parse(page.getElementById("boot")?.textContent ?? "null");
}

async function resync({ settle }) {
  const snapshot = await readSnapshot().catch(() => null);
  if (snapshot) store.takeAll(snapshot.rows, true).forEach(listen);
  settle(snapshot);
  plan();
}

/** What may be done to a row changes with the hour and with a switch, and no event tells of it: its version stands. */
async function renewActions() {
  const snapshot = await readSnapshot().catch(() => null);
  if (snapshot) store.renewAll(snapshot.rows);
  plan();
}

function watchHours() {
  const changesAt = document.getElementById("session-clock")?.dataset.refreshAt;
  if (!changesAt || changesAt === seenHours || Date.parse(changesAt) > businessNow()) return;
  seenHours = changesAt;
  setTimeout(renewActions, 1_000 + Math.random() * 2_000); // not every desk in the same instant
}

document.addEventListener("live:event", ({ detail }) => {
  if (detail.entity === "switch") renewActions();
  if (detail.entity !== "order") return;
  const change = store.take(detail.row, detail.recovered);
  if (!change) return;
  listen(change);
  plan();
});
document.addEventListener("live:resync", ({ detail }) => resync(detail));
document.addEventListener("orders:recovered", ({ detail }) => {
  store.mark(detail);
  plan();
});
document.addEventListener("live:state", () => view.refreshActions());
document.addEventListener("visibilitychange", plan);
narrow.addEventListener("change", build);
setInterval(speak, SPEAK_MS);
setInterval(watchHours, 1_000);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-filter-state]");
  if (!button) return;
  filter.state = button.dataset.filterState;
  for (const one of document.querySelectorAll("[data-filter-state]")) {
    one.setAttribute("aria-pressed", String(one === button));
  }
  view.refilter();
});
document.getElementById("filter-market")?.addEventListener("change", (event) => {
  filter.market = event.target.value;
  view.refilter();
});
document.getElementById("filter-text")?.addEventListener("input", (event) => {
  filter.text = event.target.value.trim().toLowerCase();
  view.refilter();
});

build();
