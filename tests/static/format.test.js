import assert from "node:assert/strict";
import { test } from "node:test";

import * as format from "../../static/js/format.js";

function rows(call, table) {
  for (const [input, expected] of table) assert.equal(call(...[input].flat()), expected, JSON.stringify(input));
}

test("quantities get thousands commas and lose trailing zeros", () => {
  rows(format.quantity, [
    ["0", "0"],
    ["10.000000", "10"],
    ["1200.500", "1,200.5"],
    ["-1234567", "-1,234,567"],
    ["-0.00", "0"],
    ["007", "7"],
    [".5", "0.5"],
  ]);
});

test("digits past the precision of a float stay exact", () => {
  assert.equal(format.quantity("12345678901234567890.123456789"), "12,345,678,901,234,567,890.123456789");
  assert.equal(format.money("9007199254740993"), "9,007,199,254,740,993");
});

test("what the broker did not say is a dash and never a zero", () => {
  for (const call of [format.quantity, format.money, format.percent, format.price]) {
    for (const nothing of [null, undefined, "", "NaN", "1e5", "abc", "."]) assert.equal(call(nothing), format.ABSENT);
  }
});

test("won is whole and other money has cents", () => {
  rows(format.money, [
    [["1234.5", "KRW"], "1,235"],
    [["-1234.5", "KRW"], "-1,235"],
    [["-0.4", "KRW"], "0"],
    [["12840.5", "USD"], "12,840.50"],
    [["0.005", "USD"], "0.01"],
    [["100", "JPY"], "100"],
    [["1500000", null], "1,500,000"],
  ]);
});

test("a price keeps its decimals and a foreign one shows cents at least", () => {
  rows(format.price, [
    [["71200", "KRW"], "71,200"],
    [["342.55", "KRW"], "342.55"],
    [["228.5", "USD"], "228.50"],
    [["0.1234", "USD"], "0.1234"],
  ]);
});

test("a ratio becomes a percentage of two decimals, rounded away from zero", () => {
  rows(format.percent, [
    ["0.1", "10.00%"],
    ["-0.00279", "0.28%"],
    ["0.000049", "0.00%"],
    ["0.12345", "12.35%"],
    ["12.5", "1,250.00%"],
    ["0", "0.00%"],
  ]);
});

test("the sign of a figure is read from its text", () => {
  rows(format.sign, [["-0.1", -1], ["0.00", 0], ["-0", 0], ["3", 1], [null, null]]);
});

test("the filled share stays between 0 and 100", () => {
  rows(format.share, [[["120", "500"], 24], [["0", "5"], 0], [["7", "5"], 100], [["1", "0"], 0], [[null, "3"], 0], [["-1", "3"], 0]]);
});

test("decimal texts compare by value and missing ones come first", () => {
  rows(format.compare, [[["9", "10"], -1], [["10", "9.99"], 1], [["1.0", "1"], 0], [[null, "0"], -1], [["0", null], 1], [[null, null], 0], [["-2", "-1"], -1]]);
});

test("an average is rounded to four decimals", () => {
  assert.equal(format.average("142.36666667", "USD"), "142.3667");
  assert.equal(format.average("71200", "KRW"), "71,200");
  assert.equal(format.average(null, "KRW"), format.ABSENT);
});

test("differences and products of decimal texts are exact", () => {
  assert.equal(format.quantity(format.subtract("500", "120.5")), "379.5");
  assert.equal(format.quantity(format.subtract("1", "2")), "-1");
  assert.equal(format.money(format.multiply("342.55", "3"), "USD"), "1,027.65");
  assert.equal(format.quantity(format.multiply("0.1", "0.2")), "0.02");
  assert.equal(format.subtract(null, "1"), null);
  assert.equal(format.quantity(format.add("0.1", "0.2")), "0.3");
  assert.equal(format.quantity(format.add("-1", "0.5")), "-0.5");
  assert.equal(format.add(null, "1"), null);
  assert.equal(format.multiply("1", "x"), null);
});

test("times are Korean whatever the machine's zone is", () => {
  assert.equal(format.time("2026-11-20T05:03:21Z"), "14:03:21");
  assert.equal(format.time("2026-11-20T15:00:00Z"), "00:00:00");
  assert.equal(format.eastern("2026-11-20T05:03:21Z"), "00:03 ET");
  assert.equal(format.eastern("2026-07-20T05:03:21Z"), "01:03 ET");
  assert.equal(format.time(null), format.ABSENT);
});

test("a time of another Korean day carries its day", () => {
  const now = Date.parse("2026-11-20T20:00:00+09:00");
  assert.equal(format.moment("2026-11-20T00:00:01+09:00", now), "00:00:01");
  assert.equal(format.moment("2026-11-19T23:59:59+09:00", now), "11-19 23:59");
});

test("a stopwatch counts minutes, then hours, and never backwards", () => {
  rows(format.stopwatch, [[12_000, "00:12"], [754_000, "12:34"], [3_723_000, "1:02:03"], [-5, "00:00"]]);
});
