/** The blotter as AG Grid: virtual rows, our marks on every row element, unresolved rows on top. */

import {
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ExternalFilterModule,
  HighlightChangesModule,
  LocaleModule,
  ModuleRegistry,
  RenderApiModule,
  RowApiModule,
  RowSelectionModule,
  createGrid,
} from "ag-grid-community";

import { compare, quantity } from "./format.js";
import { gridOptions } from "./grid_theme.js";
import { t } from "./i18n.js";
import * as cells from "./order_cells.js";
import { mayPick } from "./selection.js";

ModuleRegistry.registerModules([
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ExternalFilterModule,
  HighlightChangesModule,
  LocaleModule,
  RenderApiModule,
  RowApiModule,
  RowSelectionModule,
]);

const PICKING = {
  mode: "multiRow",
  checkboxes: true,
  headerCheckbox: true,
  selectAll: "filtered",
  enableClickSelection: false,
  hideDisabledCheckboxes: true,
  isRowSelectable: ({ data }) => cells.isOpen(data),
};
const WIDE = 1400; // narrower windows drop the type, which the price says too, and put the market under the symbol

/** `matches(row)` is the filter of the page, `onPick(rows)` hears what is picked; rows are keyed by their id. */
export function createOrderGrid(host, rows, matches, onPick) {
  const picked = () => onPick(api.getSelectedRows().filter(cells.isOpen));
  const api = createGrid(host, {
    ...gridOptions(),
    ...(mayPick() && { rowSelection: PICKING, selectionColumnDef: { width: 40, minWidth: 40, maxWidth: 40, resizable: false } }),
    onSelectionChanged: picked,
    rowData: rows,
    columnDefs: columns(),
    getRowId: ({ data }) => String(data.id),
    postSortRows: ({ nodes }) => pinUnresolved(nodes),
    processRowPostCreate: ({ eRow, node }) => cells.markRow(eRow, node.data),
    isExternalFilterPresent: () => true,
    doesExternalFilterPass: ({ data }) => matches(data),
  });
  return {
    replace: (next) => api.setGridOption("rowData", next),
    patch: (changes) => {
      patch(api, host, changes);
      picked();
    },
    clearPicks: () => api.deselectAll(),
    refilter: () => api.onFilterChanged(),
    refreshActions: () => api.refreshCells({ columns: ["actions"], force: true }),
    shown: () => api.getDisplayedRowCount(),
    destroy: () => api.destroy(),
  };
}

function patch(api, host, { add, update, remove }) {
  api.applyTransaction({ add, update, remove, addIndex: 0 });
  for (const row of update) {
    for (const element of host.querySelectorAll(`.ag-row[row-id="${CSS.escape(String(row.id))}"]`)) {
      cells.markRow(element, row);
    }
  }
}

function pinUnresolved(nodes) {
  const first = nodes.filter((node) => cells.isUnresolved(node.data));
  if (!first.length) return;
  const rest = nodes.filter((node) => !cells.isUnresolved(node.data));
  nodes.splice(0, nodes.length, ...first, ...rest);
}

function columns() {
  const narrow = innerWidth < WIDE;
  const flash = { enableCellChangeFlash: true };
  const unit = { cellRenderer: ({ data }) => fragment(cells.priceCell(data)) };
  return [
    text("transact_time", "시간", 80, cells.timeCell, (row) => row.transact_time),
    { ...text("account", "계좌", 108, cells.accountCell, accountKey), flex: 2 },
    { ...text("symbol", "종목", narrow ? 128 : 100, narrow ? cells.symbolAndMarketCell : cells.symbolCell, (row) => row.name || row.symbol), flex: 3 },
    { ...text("side", "구분", 54, cells.sideMark, cells.sideName), cellClass: "c" },
    { ...text("type", "유형", 62, cells.orderType, cells.orderType), hide: narrow },
    number("order_qty", "주문수량", 68, (row) => quantity(row.order_qty)),
    { ...number("cum_qty", "체결수량", 68, (row) => quantity(row.cum_qty)), ...flash },
    { ...number("leaves_qty", "미체결", 60, (row) => quantity(row.leaves_qty)), ...flash },
    { ...number("price", "주문가", 96, cells.shownPrice), ...flash, ...unit },
    { ...number("avg_px", "평균체결가", 88, cells.averageCell), ...flash },
    { ...text("status", "상태", narrow ? 140 : 154, cells.statusMark, statusKey), ...flash, flex: 3 },
    { ...text("command", "명령", narrow ? 162 : 172, cells.commandMark, commandKey), ...flash, flex: 3 },
    { ...text("market", "시장/세션", 72, cells.marketName, cells.marketName), hide: narrow },
    {
      ...text("actions", "동작", narrow ? 140 : 144, cells.actionButtons, actionsKey),
      cellClass: "actions",
      sortable: false,
      resizable: false,
    },
  ];
}

function text(colId, header, width, show, key) {
  return {
    colId,
    headerName: t(header),
    width,
    minWidth: width,
    valueGetter: ({ data }) => key(data),
    cellRenderer: ({ data }) => fragment(show(data)),
  };
}

function number(colId, header, width, show) {
  return {
    colId,
    headerName: t(header),
    width,
    headerClass: "ag-right-aligned-header",
    cellClass: "n",
    valueGetter: ({ data }) => data[colId],
    valueFormatter: ({ data }) => show(data),
    comparator: compare,
  };
}

function fragment(content) {
  if (content instanceof Node) return content;
  const span = document.createElement("span");
  span.className = "row-inline";
  span.append(...[content ?? ""].flat());
  return span;
}

const accountKey = (row) => row.account_alias || row.account_number;
const statusKey = (row) => [row.status, row.cum_qty, row.order_qty, row.reason, row.needs_person].join("|");
const commandKey = (row) => [cells.commandState(row), row.command?.id, row.command?.reason].join("|");
const actionsKey = (row) =>
  [row.status, commandKey(row), ...(row.allowed_actions ?? []).map((one) => [one.action, one.allowed, one.reason])].join("|");
