/**
 * Parts of a page that are read from the server again: `data-refresh="order"` when something of that kind has changed
 * (`order:12`: when that one has), `data-refresh-each="5"` every so many seconds, `data-refresh-at` from an instant of the
 * business clock on. The element's id says which part, `data-refresh-url` an address that gives it alone.
 * At most one reading in three seconds, or in `data-refresh-gap="1"`; none while the page is hidden or the part in use.
 */

import htmx from "htmx.org";

import { businessNow } from "./business_clock.js";

const PARTS = "[data-refresh], [data-refresh-each], [data-refresh-at]";
const GAP_S = 3;
const pending = new Map(); // a part's id, and from when on it may be read
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
  for (const part of document.querySelectorAll(PARTS)) {
    if (wanted(part) && !pending.has(part.id)) pending.set(part.id, performance.now() + gap(part));
  }
  plan();
}

/** A page without its own snapshot goes on from the server's next hello. */
function resync(event) {
  if (document.getElementById("boot")) return mark((part) => part.dataset.refreshUrl);
  mark(() => true);
  event.detail.forget();
}

function gap(part) {
  return 1_000 * Number(part?.dataset.refreshGap ?? GAP_S);
}

function plan() {
  clearTimeout(timer);
  if (pending.size && !document.hidden) timer = setTimeout(read, Math.min(...pending.values()) - performance.now());
}

function read() {
  const now = performance.now();
  for (const [id, due] of pending) {
    if (due > now) continue;
    const part = document.getElementById(id);
    if (isInUse(part)) {
      pending.set(id, now + gap(part));
      continue;
    }
    pending.delete(id);
    if (part) htmx.ajax("GET", part.dataset.refreshUrl ?? location.href, { target: part, select: `#${id}`, swap: "outerHTML" });
  }
  plan();
}

/** Somebody is typing in it. */
function isInUse(part) {
  return part?.contains(document.activeElement) && document.activeElement !== document.body;
}
