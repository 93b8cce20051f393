/** Order dialogs: fetched when asked for, shown as modal dialogs, told when their order has moved on. */

import htmx from "htmx.org";

import { tick } from "./business_clock.js";
import { isLost } from "./feed.js";
import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { commandMark, raceText } from "./order_cells.js";

let opener = "body";

export function startDialogs() {
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:afterSwap", (event) => event.detail.target.id === "dialog-host" && reveal());
  document.addEventListener("htmx:responseError", (event) => complain(event.detail.xhr.status));
  document.addEventListener("htmx:sendError", () => complain(0));
  document.addEventListener("live:event", (event) => follow(event.detail));
}

function onClick(event) {
  const button = event.target.closest("[data-dialog-url]");
  if (button) return open(button);
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  const back = event.target.closest("[data-dismiss]");
  if (back) document.getElementById(back.dataset.dismiss).hidden = true;
}

function open(button) {
  if (button.getAttribute("aria-disabled") === "true") return;
  if (button.dataset.action && isLost()) return toast(t("실시간 연결이 끊겨 주문 동작을 잠갔습니다."));
  const row = button.closest("[data-order-id]")?.dataset.orderId;
  const place = row ? `[data-order-id="${CSS.escape(row)}"] ` : "";
  opener = `${place}[data-action="${button.dataset.action}"]`; // by name: a row is drawn anew meanwhile
  htmx.ajax("GET", button.dataset.dialogUrl, { target: "#dialog-host", swap: "innerHTML" });
}

function reveal() {
  const host = document.getElementById("dialog-host");
  const dialog = host.querySelector("dialog");
  if (!dialog) return;
  if (!dialog.open) dialog.showModal();
  tick(dialog);
  (dialog.querySelector("[aria-invalid=true]") ?? dialog.querySelector("[data-focus]"))?.focus();
  dialog.addEventListener("close", () => {
    host.replaceChildren();
    document.querySelector(opener)?.focus();
  });
}

function follow({ entity, id, version, row }) {
  const dialog = document.querySelector(`#dialog-host dialog[data-dialog-order="${CSS.escape(String(id))}"]`);
  if (entity !== "order" || !dialog) return;
  const command = dialog.querySelector("[data-dialog-command]");
  if (command && row.command) {
    command.replaceChildren(commandMark(row) ?? "");
    for (const text of dialog.querySelectorAll("[data-when]")) {
      text.hidden = !text.dataset.when.split(" ").includes(row.command.state);
    }
    tick(command);
    tellRace(dialog.querySelector("[data-race]"), raceText(row));
  }
  const stale = dialog.querySelector("[data-stale]");
  if (stale && Number(version) > Number(dialog.dataset.version)) stale.hidden = false;
}

function tellRace(line, text) {
  if (!line) return;
  line.textContent = text ?? "";
  line.hidden = !text;
}

function complain(status) {
  const text = {
    0: t("서버에 닿지 못했습니다. 연결을 확인하십시오."),
    403: t("이 동작을 할 권한이 없거나, 다시 인증해야 합니다."),
    404: t("찾을 수 없습니다. 이미 바뀌었을 수 있습니다."),
    429: t("요청이 너무 많습니다. 잠시 후 다시 시도하십시오."),
  }[status];
  toast(text ?? t("요청을 처리하지 못했습니다 ({status}).", { status }));
}

/** A line in the corner for a while, spoken at once. */
export function toast(text) {
  document.querySelector(".toast")?.remove();
  const element = h("div", { class: "toast", role: "alert" }, icon("warn"), text);
  document.body.append(element);
  setTimeout(() => element.remove(), 7_000);
}
