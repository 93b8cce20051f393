/** "Before and after" of an order dialog, kept in step with what is being typed. The server decides all the same. */

import { ABSENT, money, multiply, price, quantity, sign, subtract } from "./format.js";

export function startSummaries() {
  document.addEventListener("input", (event) => {
    const summary = event.target.form?.querySelector("[data-summary]");
    if (summary) rewrite(summary, event.target.form);
  });
}

function rewrite(summary, form) {
  const { leaves, currency, actionKind } = summary.dataset;
  const unit = summary.dataset.unit.trim();
  const asked = typed(form.elements.quantity) || leaves;
  const at = typed(form.elements.price) || summary.dataset.price;
  const after = summary.querySelector("[data-after]");
  after.textContent = actionKind === "modify" ? modified(asked, at, currency, unit) : left(leaves, asked, unit);
  const amount = summary.querySelector("[data-amount]");
  if (amount) amount.textContent = figure(multiply(asked, at), currency);
}

function modified(asked, at, currency, unit) {
  return `${quantity(asked)}${unit} @ ${price(at, currency)}`;
}

function left(leaves, asked, unit) {
  const rest = subtract(leaves, asked);
  return rest === null || sign(rest) < 0 || sign(asked) < 1 ? ABSENT : `${quantity(rest)}${unit}`;
}

function figure(amount, currency) {
  const text = money(amount, currency);
  return text === ABSENT ? text : `${text} ${currency}`;
}

function typed(field) {
  return field?.value.replaceAll(",", "").trim() ?? "";
}
