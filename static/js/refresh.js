/**
 * Parts of a page that are read from the server again: `data-refresh="order"` when something of that kind has changed
 * (`order:12`: when that one has), `data-refresh-each="5"` every so many seconds, `data-refresh-at` from an instant of the
 * business clock on. The element's id says which part, `data-refresh-url` an address that gives it alone.
 * At most one reading in three seconds, none while the page is hidden or the part in use.
 */

import htmx from "htmx.org";

import { businessNow } from "./business_clock.js";

const PARTS = "[data-refresh], [data-refresh-each], [data-refresh-at]";
const GAP_MS = 3_000;
const pending = new Set();
let timer = null;
let beats = 0;

export function startRefresh() {
  document.addEventListener("live:event", (event) => mark((part) => concerns(part, event.detail)));
  document.addEventListener("live:feed", () => mark((part) => concerns(part, { entity: "feed" })));
  document.addEventListener("live:returned", () => mark(() => true));
  document.addEventListener("live:resync", resync);
  document.addEventListener("visibilitychange", () => document.hidden || plan());
  setInterval(beat, 1_000);
}

function concerns(part, { entity, id }) {
  const wanted = part.dataset.refresh?.split(" ") ?? [];
  return wanted.includes(entity) || wanted.includes(`${entity}:${id}`);
}

function beat() {
  beats += 1;
  if (!document.hidden) mark((part) => beats % Number(part.dataset.refreshEach) === 0 || isDue(part));
}

function isDue({ dataset }) {
  return dataset.refreshAt !== undefined && Date.parse(dataset.refreshAt) <= businessNow();
}

function mark(wanted) {
  for (const part of document.querySelectorAll(PARTS)) if (wanted(part)) pending.add(part.id);
  plan();
}

/** A page without its own snapshot goes on from the server's next hello. */
function resync(event) {
  if (document.getElementById("boot")) return mark((part) => part.dataset.refreshUrl);
  mark(() => true);
  event.detail.forget();
}

function plan() {
  if (timer || !pending.size || document.hidden) return;
  timer = setTimeout(() => {
    timer = null;
    const ids = [...pending].filter(isFree);
    for (const id of ids) {
      pending.delete(id);
      const url = document.getElementById(id)?.dataset.refreshUrl ?? location.href;
      htmx.ajax("GET", url, { target: `#${id}`, select: `#${id}`, swap: "outerHTML" });
    }
    plan();
  }, GAP_MS);
}

/** A part that somebody is typing in waits. */
function isFree(id) {
  const part = document.getElementById(id);
  return !part?.contains(document.activeElement) || document.activeElement === document.body;
}
