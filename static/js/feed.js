/**
 * Connects the live feed to the page: chips, banner, and the DOM events that the pages listen to.
 *
 * Dispatched on `document`: live:event, live:state, live:returned, live:resync. A page with a `boot` block resumes from
 * its snapshot and settles a resync itself; any other page reads its marked parts again.
 */

import { businessNow, setClock } from "./business_clock.js";
import { time } from "./format.js";
import { t } from "./i18n.js";
import { LiveFeed } from "./live.js";

const RELOAD_GAP_MS = 5_000;
const WORST = ["live", "syncing", "polling", "down"];
const OUTAGES = ["polling", "down"];
const LABELS = {
  live: "실시간",
  syncing: "대조 중",
  polling: "조회 중",
  down: "끊김",
  lost: "끊김",
};
let heard = ""; // the state of the line to KIS as the server last pushed it

export function bootData() {
  const element = document.getElementById("boot");
  return element ? JSON.parse(element.textContent) : null;
}

export function startFeed() {
  const path = document.documentElement.dataset.live;
  if (!path) return null;
  const boot = bootData();
  const feed = new LiveFeed({
    url: address(boot?.ws_url || path),
    eventsUrl: document.documentElement.dataset.events,
    point: boot,
    emit: show,
    openSocket: (url) => new WebSocket(url),
    fetchJson,
    now: Date.now,
    random: Math.random,
    setTimer: (action, wait) => setTimeout(action, wait),
    clearTimer: (timer) => clearTimeout(timer),
  });
  document.addEventListener("visibilitychange", () => document.hidden || feed.check());
  addEventListener("online", () => feed.check());
  document.addEventListener("htmx:afterSwap", keepOutage);
  addEventListener("pagehide", () => feed.stop());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  feed.start();
  return feed;
}

/** True while nothing on the page may be trusted to be current. */
export function isLost() {
  return document.documentElement.dataset.link === "lost";
}

async function fetchJson(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!response.ok) throw new Error(`${response.status} ${url}`);
  return response.json();
}

function address(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
  return url.href;
}

function show(name, detail) {
  if (name === "upstreams") return showUpstreams(detail);
  if (name === "state") showState(detail);
  if (name === "returned") showReturn(detail);
  if (name === "dismissed") return leave();
  document.dispatchEvent(new CustomEvent(`live:${name}`, { detail }));
}

/** What may be seen has changed: the server draws the page anew, or the sign-in page instead. */
function leave() {
  const wait = performance.now() < RELOAD_GAP_MS ? RELOAD_GAP_MS : 0;
  setTimeout(() => location.reload(), wait);
}

function showState({ state, since }) {
  document.documentElement.dataset.link = state;
  setChip("link", state);
  const banner = document.getElementById("link-lost");
  if (!banner) return;
  banner.hidden = state !== "lost";
  if (state === "lost") banner.querySelector("[data-since]").dataset.since = business(since);
}

function showReturn({ from, to }) {
  const banner = document.getElementById("link-back");
  if (!banner) return;
  const span = { from: time(business(from)), to: time(business(to)) };
  banner.querySelector("[data-text]").textContent = t("{from}~{to} 끊김 · 재조회 완료", span);
  banner.querySelector("[data-recovered]").textContent = "";
  banner.querySelector("[data-list]").replaceChildren();
  banner.hidden = false;
}

function showUpstreams(message) {
  if (message.time) setClock(message.time);
  const upstreams = Array.isArray(message.upstreams) ? message.upstreams : [];
  const kis = upstreams.filter((one) => !/^koscom/i.test(one.name));
  const koscom = upstreams.find((one) => /^koscom/i.test(one.name));
  const title = kis.map((one) => `${one.name}: ${t(LABELS[one.state] ?? one.state)}`).join("\n");
  if (kis.length) setChip("kis", worst(kis), title);
  if (koscom) setChip("koscom", koscom.state);
  heard = kis.length ? worst(kis) : "";
  showOutage(heard);
}

/** A banner that was read before the state turned comes after the push of it: what was pushed last stands. */
function keepOutage({ target }) {
  if (target.id === "kis-down" && document.documentElement.dataset.link === "live") showOutage(heard);
}

/** The server's own line to KIS: another one than the browser's, and another banner. Why it is so, the server tells. */
function showOutage(state) {
  const banner = document.getElementById("kis-down");
  if (!banner) return;
  banner.hidden = !OUTAGES.includes(state);
  if (banner.dataset.state === state) return;
  banner.dataset.state = state;
  for (const text of banner.querySelectorAll("[data-when]")) text.hidden = text.dataset.when !== state;
  document.dispatchEvent(new CustomEvent("live:feed"));
}

function worst(upstreams) {
  return WORST[Math.max(...upstreams.map((one) => WORST.indexOf(one.state)))] ?? "down";
}

function setChip(name, state, title) {
  const chip = document.querySelector(`[data-chip="${name}"]`);
  if (!chip) return;
  chip.dataset.feed = state;
  if (title) chip.title = title;
  chip.querySelector("b").textContent = t(LABELS[state] ?? state);
}

function business(wall) {
  return new Date(wall - Date.now() + businessNow()).toISOString();
}
