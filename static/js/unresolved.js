/** Requests whose outcome is not known: their panel is read again the moment one comes or goes, and "ask now" asks. */

import htmx from "htmx.org";

import { tick } from "./business_clock.js";
import { toast } from "./dialogs.js";
import { t } from "./i18n.js";
import { isUnresolved } from "./order_cells.js";

const GATHER_MS = 200;
let timer = null;

export function startUnresolved() {
  document.addEventListener("live:event", ({ detail }) => detail.entity === "order" && follow(detail.row));
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:afterSwap", ({ detail }) => detail.target.isConnected && tick(detail.target));
}

function follow(row) {
  const panel = document.getElementById("unresolved");
  const shown = panel?.querySelector(`[data-doubt="${CSS.escape(String(row.id))}"]`);
  if (!panel || (!shown && !isUnresolved(row)) || (shown && shown.dataset.commandState === row.command?.state)) return;
  readAgain();
}

function readAgain() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const panel = document.getElementById("unresolved");
    if (panel) htmx.ajax("GET", panel.dataset.refreshUrl, { target: "#unresolved", select: "#unresolved", swap: "outerHTML" });
  }, GATHER_MS);
}

async function onClick(event) {
  const button = event.target.closest("[data-inquire]");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  try {
    toast(await asked(button.dataset.inquire));
  } finally {
    button.removeAttribute("aria-disabled");
    readAgain();
  }
}

/** One inquiry out of turn; what became of it, in a sentence. */
async function asked(url) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  const response = await fetch(url, { method: "POST", headers, credentials: "same-origin" }).catch(() => null);
  if (!response) return t("서버에 닿지 못했습니다. 연결을 확인하십시오.");
  if (response.status === 429) return t("방금 조회했습니다. 잠시 후 다시 누르십시오.");
  if (!response.ok) return t("요청을 처리하지 못했습니다 ({status}).", { status: response.status });
  return t("증권사에 조회했습니다. 결과는 이 화면에 바로 반영됩니다.");
}
