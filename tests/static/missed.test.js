import assert from "node:assert/strict";
import { test } from "node:test";

import { told } from "../../static/js/missed.js";
import { OrderStore } from "../../static/js/order_store.js";

const row = (more = {}) => ({ id: 7, version: 2, status: "WORKING", cum_qty: "0", price: "10", ...more });

test("a fill that was missed is told with its quantity and what it made of the order", () => {
  const change = { before: row(), row: row({ cum_qty: "120", status: "PARTIALLY_FILLED" }) };
  assert.deepEqual(told(change), { fills: 1, text: "체결 120 · 일부체결" });
});

test("a new order and another price are told in words", () => {
  assert.deepEqual(told({ before: null, row: row() }), { fills: 0, text: "새 주문 · 미체결" });
  assert.deepEqual(told({ before: row(), row: row({ price: "11" }) }), { fills: 0, text: "가격 변경" });
});

test("a page that did not know the order tells how it is now", () => {
  assert.deepEqual(told({ before: undefined, row: row({ cum_qty: "5", status: "FILLED" }) }), { fills: 0, text: "체결" });
});

test("a change of nothing that is told is still a change", () => {
  assert.equal(told({ before: row(), row: row({ version: 3 }) }).text, "변경");
});

test("orders that the server recovered are marked once, and stay marked", () => {
  const store = new OrderStore([row()]);
  store.mark(["7", "8"]);
  store.mark(["7"]);
  assert.deepEqual(store.drain().update, [row({ restored: true })]);
  store.takeAll([row({ allowed_actions: [] })]);
  assert.equal(store.all()[0].restored, true);
});
