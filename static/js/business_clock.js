/**
 * The business clock of the page: the server's, which may be shifted, carried on by the browser's own.
 *
 * Elements with `data-since` or `data-until` (ISO 8601) show their age or what is left, each second; `data-clock` shows
 * the time, and `data-show-after` keeps an element hidden until then. A hidden page does no work.
 */

import { moment, parts, stopwatch, time } from "./format.js";
import { t } from "./i18n.js";

let offset = 0;

/** Sets the clock by an instant that the server has just named. */
export function setClock(iso) {
  const named = Date.parse(iso);
  if (!Number.isNaN(named)) offset = named - Date.now();
}

export function businessNow() {
  return Date.now() + offset;
}

/** `4초`, `2분 05초`, `1시간 02분`, `3일`. */
export function age(milliseconds) {
  const [hours, minutes, seconds] = parts(milliseconds);
  const two = (n) => String(n).padStart(2, "0");
  if (hours >= 24) return t("{days}일", { days: Math.floor(hours / 24) });
  if (hours) return t("{hours}시간 {minutes}분", { hours, minutes: two(minutes) });
  if (minutes) return t("{minutes}분 {seconds}초", { minutes, seconds: two(seconds) });
  return t("{seconds}초", { seconds });
}

/** A time that is short today and carries its day otherwise. */
export function shortMoment(iso) {
  return moment(iso, businessNow());
}

export function startTicking() {
  setClock(document.documentElement.dataset.businessNow);
  tick();
  setInterval(() => document.hidden || tick(), 1000);
  document.addEventListener("visibilitychange", () => document.hidden || tick());
}

/** Writes every running text under `root` anew. */
export function tick(root = document) {
  const now = businessNow();
  for (const element of root.querySelectorAll("[data-since]")) {
    write(element, duration(element, now - Date.parse(element.dataset.since)));
  }
  for (const element of root.querySelectorAll("[data-until]")) {
    write(element, duration(element, Date.parse(element.dataset.until) - now));
  }
  for (const element of root.querySelectorAll("[data-show-after]")) {
    element.hidden = now < Date.parse(element.dataset.showAfter);
  }
  for (const element of root.querySelectorAll("[data-clock]")) write(element, time(now));
}

function duration(element, milliseconds) {
  return element.dataset.form === "stopwatch" ? stopwatch(milliseconds) : age(milliseconds);
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
