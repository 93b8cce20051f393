import assert from "node:assert/strict";
import { test } from "node:test";

import { OrderStore, meaning } from "../../static/js/order_store.js";

const row = (id, version, more = {}) => ({ id, version, status: "WORKING", cum_qty: "0", ...more });

test("an older or equal version is ignored", () => {
  const store = new OrderStore([row(1, 5)]);
  assert.equal(store.take(row(1, 5)), null);
  assert.equal(store.take(row(1, 4)), null);
  assert.deepEqual(store.drain(), { add: [], update: [], remove: [] });
});

test("several changes of one row are drawn once, as the newest", () => {
  const store = new OrderStore([row(1, 1)]);
  store.take(row(1, 2, { cum_qty: "3" }));
  store.take(row(1, 3, { cum_qty: "5" }));
  assert.deepEqual(store.drain(), { add: [], update: [row(1, 3, { cum_qty: "5" })], remove: [] });
  assert.deepEqual(store.drain(), { add: [], update: [], remove: [] });
});

test("a new order that changes before it is drawn is still an addition", () => {
  const store = new OrderStore([]);
  store.take(row(7, 1));
  store.take(row(7, 2));
  assert.deepEqual(store.drain(), { add: [row(7, 2)], update: [], remove: [] });
});

test("the newest of several additions comes first", () => {
  const store = new OrderStore([]);
  store.take(row(1, 1));
  store.take(row(2, 1));
  assert.deepEqual(store.drain().add.map((one) => one.id), [2, 1]);
});

test("a snapshot brings only what is newer and marks it as restored", () => {
  const store = new OrderStore([row(1, 5), row(2, 1)]);
  const changes = store.takeAll([row(1, 4), row(2, 2), row(3, 1)], true);
  assert.deepEqual(changes.map((one) => [one.row.id, one.row.restored]), [[2, true], [3, true]]);
  assert.equal(store.all().length, 3);
});

test("what a snapshot does not name has left the list", () => {
  const store = new OrderStore([row(1, 5), row(2, 1)]);
  assert.deepEqual(store.takeAll([row(1, 5)]), []);
  assert.deepEqual(store.drain(), { add: [], update: [], remove: [row(2, 1)] });
  assert.deepEqual(store.all(), [row(1, 5)]);
});

test("a row that came and left before it was drawn was never there", () => {
  const store = new OrderStore([]);
  store.take(row(7, 1));
  store.takeAll([]);
  assert.deepEqual(store.drain(), { add: [], update: [], remove: [] });
});

test("a row that leaves and comes back is drawn as an update", () => {
  const store = new OrderStore([row(1, 1)]);
  store.takeAll([]);
  store.take(row(1, 2));
  assert.deepEqual(store.drain(), { add: [], update: [row(1, 2)], remove: [] });
});

test("a snapshot renews what may be done to a row of the same version, and tells nobody", () => {
  const shut = { allowed_actions: [{ action: "cancel", allowed: false, reason: "장 종료" }] };
  const store = new OrderStore([row(1, 5, { allowed_actions: [] }), row(2, 5, shut)]);
  assert.deepEqual(store.takeAll([row(1, 5, shut), row(2, 5, shut)], true), []);
  assert.deepEqual(store.drain().update, [row(1, 5, shut)]);
});

test("a change says what it means", () => {
  const before = row(1, 1);
  assert.deepEqual(meaning({ before, row: row(1, 2, { cum_qty: "5" }) }), { fills: 1, refusals: 0, cancels: 0, orders: 0, doubts: 0 });
  assert.equal(meaning({ before, row: row(1, 2, { status: "NOT_SENT" }) }).refusals, 1);
  assert.equal(meaning({ before, row: row(1, 2, { status: "CANCELED" }) }).cancels, 1);
  assert.deepEqual(meaning({ before: null, row: before }), { fills: 0, refusals: 0, cancels: 0, orders: 1, doubts: 0 });
  const unknown = row(1, 2, { command: { state: "UNKNOWN" } });
  assert.equal(meaning({ before, row: unknown }).doubts, 1);
  assert.equal(meaning({ before: unknown, row: row(1, 3, { command: { state: "ESCALATED" } }) }).doubts, 0);
});
