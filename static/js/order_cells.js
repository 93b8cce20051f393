/** The parts of an order's row, as DOM elements; the grid and the cards of a phone show the same ones. */

import { age, businessNow, shortMoment } from "./business_clock.js";
import { h, icon, ring } from "./dom.js";
import { average, eastern, price, quantity, share, subtract } from "./format.js";
import { t } from "./i18n.js";
import { isLost } from "./feed.js";

const SUPERSEDE_MS = 15_000; // an unanswered full cancel may be asked for again after this
const OPEN = new Set(["RESERVED", "NEW", "WORKING", "PARTIALLY_FILLED"]);
const PENDING = new Set(["CREATED", "READY", "SENDING", "ACKED"]);
const UNRESOLVED = new Set(["UNKNOWN", "ESCALATED"]);

const STATUS = {
  RESERVED: ["reserved", "clock", "예약접수"],
  NEW: ["working", "dot", "접수"],
  WORKING: ["working", "dot", "미체결"],
  PARTIALLY_FILLED: ["partial", null, "일부체결"],
  FILLED: ["filled", "check", "체결"],
  CANCELED: ["canceled", "minus", "취소"],
  REJECTED: ["refused", "cross-box", "거부"],
  NOT_SENT: ["refused", "cross-box", "미처리"],
  EXPIRED: ["expired", "minus", "장마감"],
};

const COMMAND = {
  CONFIRMED: ["filled", "check", "확인"],
  PARTIALLY_CONFIRMED: ["partial", "check", "일부 확인"],
  TOO_LATE: ["refused", "cross-box", "이미 체결"],
  DENIED: ["refused", "cross-box", "보내지 않음"],
  EXPIRED: ["refused", "cross-box", "시간 초과, 보내지 않음"],
  NOT_SENT: ["refused", "cross-box", "보내지 못함"],
  REJECTED: ["refused", "cross-box", "거부"],
  NOT_APPLIED: ["refused", "cross-box", "반영되지 않음"],
  SUPERSEDED: ["canceled", "minus", "대체됨"],
};

const MARKETS = {
  KRX: "국내",
  US: "미국",
  US_DAYTIME: "미국 주간",
  US_RESERVED: "미국 예약",
  ASIA: "아시아",
  ASIA_RESERVED: "아시아 예약",
  FO_DAY: "파생 주간",
  FO_NIGHT: "파생 야간",
};

export const isOpen = (row) => OPEN.has(row.status);
export const isUnresolved = (row) => UNRESOLVED.has(commandState(row));
export const commandState = (row) => row.command?.state ?? "";
export const isDerivative = (row) => row.market.startsWith("FO");
export const marketName = (row) => t(MARKETS[row.market] ?? row.market);
export const sideName = (row) => t(row.side === "buy" ? "매수" : "매도");
export const unitName = (row) => t(isDerivative(row) ? "계약" : "주");
export const orderType = (row) => (row.price === null ? t("시장가") : t("지정가"));
export const shownPrice = (row) => (row.price === null ? t("시장가") : price(row.price, row.currency));

export function statusName(row) {
  return t(STATUS[row.status]?.[2] ?? row.status, {}, row.status === "CANCELED" ? "주문 상태" : "");
}

/** The marks that scripts and tests read; on the row element of the grid and on a card alike. */
export function markRow(element, row) {
  element.dataset.orderId = row.id;
  element.dataset.status = row.status;
  element.dataset.commandState = commandState(row);
  element.toggleAttribute("data-restored", Boolean(row.restored));
}

export function statusMark(row) {
  const [mark, symbol] = STATUS[row.status] ?? ["unknown", "question"];
  const word = statusName(row);
  const text = row.status === "CANCELED" ? h("s", {}, word) : word;
  const figure = row.status === "PARTIALLY_FILLED" ? ring(share(row.cum_qty, row.order_qty)) : solid(symbol);
  const element = h("span", { class: "mark", "data-mark": mark, title: row.reason }, figure, text);
  element.append(...statusTail(row));
  return element;
}

function statusTail(row) {
  if (row.needs_person) return [h("span", { class: "tag", title: row.status_text }, row.status_text || t("확인 필요"))];
  if (row.status === "PARTIALLY_FILLED" || (row.status === "CANCELED" && wasFilled(row))) {
    return [h("span", { class: "share num", title: raceText(row) }, `${quantity(row.cum_qty)}/${quantity(row.order_qty)}`)];
  }
  if (row.status === "WORKING") return [h("span", { class: "share num" }, `${quantity(row.leaves_qty)}${unitName(row)}`)];
  if (["REJECTED", "NOT_SENT"].includes(row.status) && row.reason) {
    return [h("span", { class: "mark-reason" }, row.reason)];
  }
  if (row.status === "RESERVED" && row.transmit_at) {
    const left = h("span", { class: "num", "data-until": row.transmit_at }, age(Date.parse(row.transmit_at) - businessNow()));
    const label = h("span", { class: "visually-hidden" }, t("전송까지"));
    return [h("span", { class: "share", title: `${t("전송까지")} · ${shortMoment(row.transmit_at)}` }, label, left)];
  }
  return [];
}

const wasFilled = (row) => quantity(row.cum_qty) !== "0";

/** How a request and the market's fills crossed, in one sentence; null where they did not. */
export function raceText(row) {
  const unit = unitName(row);
  const filled = `${quantity(row.cum_qty)}${unit}`;
  if (row.status === "CANCELED" && wasFilled(row)) {
    const canceled = `${quantity(subtract(row.order_qty, row.cum_qty))}${unit}`;
    return t("{filled} 체결된 뒤 나머지 {canceled} 취소", { filled, canceled });
  }
  if (row.status === "FILLED" && commandState(row) === "TOO_LATE") return t("요청이 닿기 전에 {filled} 모두 체결", { filled });
  return null;
}

/** What became of the newest command, or null when there was none. */
export function commandMark(row) {
  const command = row.command;
  if (!command) return null;
  const kind = t(command.type === "modify" ? "정정" : "취소");
  const since = command.sent_at || command.created_at;
  if (UNRESOLVED.has(command.state)) {
    return h("span", { class: "mark", "data-mark": "unknown" }, icon("question"), t("결과 미확인"), running(since));
  }
  if (PENDING.has(command.state)) {
    const asked = t("{kind}요청 중", { kind });
    return h("span", { class: "mark", "data-mark": "pending" }, icon("turn"), asked, running(since));
  }
  const [mark, symbol, label] = COMMAND[command.state] ?? ["unknown", "question", command.state];
  const reason = command.reason ? `${kind} ${t(label)}: ${command.reason}` : raceText(row);
  return h("span", { class: "mark", "data-mark": mark, title: reason }, solid(symbol), `${kind} ${t(label)}`);
}

export function sideMark(row) {
  return h("span", { class: "side", "data-side": row.side }, sideName(row));
}

export function symbolCell(row) {
  return h("a", { class: "name", href: `/orders/${row.id}/` }, h("span", {}, row.name || row.symbol), sub(row.symbol));
}

export function symbolAndMarketCell(row) {
  const cell = symbolCell(row);
  cell.lastChild.textContent = `${row.symbol} · ${marketName(row)}`;
  return cell;
}

export function accountCell(row) {
  const [first, second] = row.account_alias ? [row.account_alias, row.account_number] : [row.account_number, ""];
  return h("a", { class: "name", href: `/accounts/${row.account}/` }, h("span", {}, first), sub(second));
}

export function timeCell(row) {
  const et = row.market.startsWith("US") ? eastern(row.transact_time) : "";
  return h("span", { class: "name num" }, h("span", {}, shortMoment(row.transact_time)), sub(et));
}

export function averageCell(row) {
  return average(row.avg_px, row.currency);
}

export function priceCell(row) {
  const foreign = row.price !== null && row.currency !== "KRW";
  return [shownPrice(row), foreign ? h("span", { class: "unit" }, ` ${row.currency}`) : ""];
}

/** Cancel and modify; a button that is off says why, to the eye and to a screen reader. */
export function actionButtons(row) {
  const again = againButton(row);
  const offered = (row.allowed_actions ?? []).filter(({ action }) => action === "cancel" || !again.length);
  return [...offered.flatMap((action) => actionButton(row, action)), ...again];
}

function actionButton(row, { action, allowed, reason }) {
  const lost = isLost() ? t("실시간 연결이 끊겨 주문 동작을 잠갔습니다.") : "";
  const why = lost || (allowed ? "" : reason);
  if (!isOpen(row) && !isUnresolved(row)) return [];
  const id = `why-${row.id}-${action}`;
  const off = Boolean(lost) || !allowed;
  const button = h(
    "button",
    {
      type: "button",
      class: "btn btn-sm",
      "data-action": action,
      "data-dialog-url": `/orders/${row.id}/${action}/`,
      "aria-disabled": off ? "true" : null,
      "aria-describedby": why ? id : null,
      title: why || null,
    },
    t(action === "modify" ? "정정" : "취소"),
  );
  return why ? [button, h("span", { id, class: "visually-hidden" }, why)] : [button];
}

/** A second cancel over a request whose outcome is not known: always a person's own step, and only where it can do no harm. */
function againButton(row) {
  const command = row.command;
  const full = command?.type === "cancel" && command.quantity === null;
  const may = "mayTrade" in document.documentElement.dataset && !isLost();
  if (!may || !(command?.state === "ESCALATED" || (command?.state === "UNKNOWN" && full))) return [];
  const button = h(
    "button",
    { type: "button", class: "btn btn-sm", "data-action": "again", "data-dialog-url": `/orders/${row.id}/cancel/` },
    t("다시 취소"),
  );
  if (command.state === "UNKNOWN") {
    button.dataset.showAfter = new Date(Date.parse(command.sent_at || command.created_at) + SUPERSEDE_MS).toISOString();
    button.hidden = businessNow() < Date.parse(button.dataset.showAfter);
  }
  return [button];
}

function solid(symbol) {
  const element = icon(symbol);
  if (symbol === "dot") element.classList.add("solid");
  return element;
}

function sub(text) {
  return text ? h("span", { class: "sub num" }, text) : null;
}

function running(since) {
  if (!since) return null;
  return h("span", { class: "num", "data-since": since }, age(businessNow() - Date.parse(since)));
}
