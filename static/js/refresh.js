/**
 * Parts of a page that are read from the server again when something has happened: `data-refresh="order sync"` names
 * the entities, the element's id says which part. At most one reading in two seconds, none while hidden or in use.
 */

import htmx from "htmx.org";

const GAP_MS = 2_000;
const pending = new Set();
let timer = null;

export function startRefresh() {
  document.addEventListener("live:event", (event) => mark((part) => concerns(part, event.detail.entity)));
  document.addEventListener("live:returned", () => mark(() => true));
  document.addEventListener("live:resync", resync);
  document.addEventListener("visibilitychange", () => document.hidden || plan());
}

function concerns(part, entity) {
  return part.dataset.refresh.split(" ").includes(entity);
}

function mark(wanted) {
  for (const part of document.querySelectorAll("[data-refresh]")) if (wanted(part)) pending.add(part.id);
  plan();
}

/** A page without its own snapshot goes on from the server's next hello. */
function resync(event) {
  if (document.getElementById("boot")) return;
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
      htmx.ajax("GET", location.href, { target: `#${id}`, select: `#${id}`, swap: "outerHTML" });
    }
    plan();
  }, GAP_MS);
}

/** A part that somebody is typing in waits. */
function isFree(id) {
  const part = document.getElementById(id);
  return !part?.contains(document.activeElement) || document.activeElement === document.body;
}
