/** The account list: the server's first rows at once, then every page of the API in one grid. */

import {
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ColumnApiModule,
  LocaleModule,
  ModuleRegistry,
  createGrid,
} from "ag-grid-community";

import { h } from "./dom.js";
import { compare, money, percent, sign } from "./format.js";
import { gridOptions } from "./grid_theme.js";
import { t } from "./i18n.js";

ModuleRegistry.registerModules([
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ColumnApiModule,
  LocaleModule,
]);

const CONTRACTS = { active: "계약 중", terminated: "해지", expired: "만료" };

function start() {
  const table = document.getElementById("account-table");
  const host = document.getElementById("account-grid");
  if (!table || matchMedia("(max-width: 760px)").matches) return;
  const rows = JSON.parse(document.getElementById("account-rows").textContent);
  table.remove();
  host.hidden = false;
  const api = createGrid(host, {
    ...gridOptions(),
    columnDefs: columns(),
    getRowId: ({ data }) => String(data.id),
    processRowPostCreate: ({ eRow, node }) => (eRow.dataset.accountId = node.data.id),
    rowData: rows,
  });
  readAll(api, new Set(rows.map((row) => String(row.id)))).catch(() => incomplete(host));
}

async function readAll(api, known) {
  const query = new URLSearchParams(location.search);
  query.set("page_size", "500");
  let next = `/api/v1/accounts/?${query}`;
  while (next) {
    const response = await fetch(next, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(String(response.status));
    const page = await response.json();
    const add = page.results.filter((row) => !known.has(String(row.id)));
    api.applyTransaction({ add, update: page.results.filter((row) => known.has(String(row.id))) });
    for (const row of add) known.add(String(row.id));
    next = page.next ? new URL(page.next, location.href) : null;
    if (next) next = next.pathname + next.search;
  }
}

function incomplete(host) {
  const text = t("목록을 끝까지 불러오지 못했습니다. 새로 고침하면 다시 시도합니다.");
  host.before(h("p", { class: "callout", "data-tone": "refused", role: "status" }, text));
}

function columns() {
  return [
    { ...text("alias", "계좌", 190, nameCell, (row) => row.alias || row.holder_name || row.number), flex: 2 },
    text("broker", "증권사", 110, firm, firm),
    { ...amount("total_value", "총평가", 140), sort: "desc" },
    amount("securities_value", "유가증권", 130),
    amount("cash_value", "예수금", 120),
    { ...amount("profit_loss", "평가손익", 130), valueFormatter: undefined, cellRenderer: ({ value }) => directed(value, money) },
    { ...amount("return_rate", "수익률", 96), valueFormatter: undefined, cellRenderer: ({ value }) => directed(value, percent) },
    text("contract_status", "계약", 80, contract, contract),
    text("managers", "담당", 110, managers, managers),
    text("business_date", "기준일", 100, (row) => row.business_date ?? t("미수신"), (row) => row.business_date ?? ""),
  ];
}

const firm = (row) => row.broker_name || row.broker;
const contract = (row) => t(CONTRACTS[row.contract_status] ?? row.contract_status);
const managers = (row) => (row.managers ?? []).map((one) => one?.name ?? one?.username ?? one).join(", ");

function nameCell(row) {
  const name = row.alias || row.holder_name || row.number;
  const number = name === row.number ? null : h("span", { class: "sub num" }, row.number);
  return h("a", { class: "name", href: `/accounts/${row.id}/` }, h("span", {}, name), number);
}

function directed(value, show) {
  const way = sign(value);
  if (!way) return h("span", { class: "dir" }, show(value));
  const up = way > 0;
  const figure = show(String(value).replace(/^[+-]/, ""));
  const arrow = h("span", { class: "arrow", "aria-hidden": "true" }, up ? "▲" : "▼");
  return h("span", { class: "dir", "data-dir": up ? "up" : "down" }, arrow, `${up ? "+" : "-"}${figure}`);
}

function text(colId, header, width, show, key) {
  const cell = ({ data }) => {
    const content = show(data);
    return content instanceof Node ? content : h("span", {}, content);
  };
  return { colId, headerName: t(header), width, valueGetter: ({ data }) => key(data), cellRenderer: cell };
}

function amount(colId, header, width) {
  return {
    colId,
    headerName: t(header),
    width,
    flex: 1,
    minWidth: Math.min(width, 96),
    headerClass: "ag-right-aligned-header",
    cellClass: "n",
    valueGetter: ({ data }) => data[colId],
    valueFormatter: ({ value }) => money(value),
    comparator: compare,
  };
}

start();
