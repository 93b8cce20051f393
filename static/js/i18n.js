/** Korean is the source language; the page carries a catalogue for any other one in its `i18n` data block. */

const catalogue = JSON.parse(globalThis.document?.getElementById("i18n")?.textContent || "{}");

/** The text in the page's language, `{name}` replaced from `values`; `context` tells two meanings of one word apart. */
export function t(text, values = {}, context = "") {
  return (catalogue[context ? `${context}\u0004${text}` : text] || text).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
