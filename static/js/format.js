/**
 * Numbers and times as a Korean desk reads them.
 *
 * Amounts arrive as decimal strings and stay strings or BigInt: a binary float never touches money. What the broker did
 * not say (null, "") is shown as an en dash, never as 0.
 */

export const ABSENT = "–";
const WHOLE_UNITS = new Set(["KRW", "JPY", "VND", "IDR"]);
const SCALE = 12; // decimals that arithmetic keeps
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?$/;

/** `"-1234.50"` -> `{negative, whole: "1234", fraction: "50"}`; null for anything that is not a plain decimal. */
export function parse(text) {
  if (text === null || text === undefined || text === "") return null;
  const match = DECIMAL.exec(String(text).trim());
  if (!match || (!match[2] && !match[3])) return null;
  const whole = (match[2] || "").replace(/^0+(?=\d)/, "") || "0";
  return { negative: match[1] === "-", whole, fraction: match[3] || "" };
}

/** Rounds half away from zero to `places`; the result always has exactly that many decimals. */
export function round(text, places) {
  const number = parse(text);
  if (!number) return null;
  const digits = number.fraction.padEnd(places + 1, "0");
  let scaled = BigInt(number.whole + digits.slice(0, places));
  if (digits[places] >= "5") scaled += 1n;
  return join(number.negative, scaled, places);
}

/** -1, 0, 1, or null when there is no number. */
export function sign(text) {
  const number = parse(text);
  if (!number) return null;
  if (/^0*$/.test(number.whole + number.fraction)) return 0;
  return number.negative ? -1 : 1;
}

/** Thousands commas, trailing zeros dropped, at least `least` decimals: `"1200.500"` -> `1,200.5`. */
export function quantity(text, least = 0) {
  const number = parse(text);
  if (!number) return ABSENT;
  const fraction = number.fraction.replace(/0+$/, "").padEnd(least, "0");
  return dress(number.negative && sign(text) !== 0, number.whole, fraction);
}

/** A price keeps every decimal it has; a US price shows at least its cents. */
export function price(text, currency) {
  return quantity(text, currency && !WHOLE_UNITS.has(currency) ? 2 : 0);
}

/** An average of fills, rounded to four decimals. */
export function average(text, currency) {
  return price(round(text, 4), currency);
}

/** `left - right`, exact; null where either is missing. */
export function subtract(left, right) {
  const [a, b] = [scaled(left), scaled(right)];
  return a === null || b === null ? null : join(a < b, a < b ? b - a : a - b, SCALE);
}

/** `left + right`, exact; null where either is missing. */
export function add(left, right) {
  const [a, b] = [scaled(left), scaled(right)];
  return a === null || b === null ? null : join(a + b < 0n, a + b < 0n ? -a - b : a + b, SCALE);
}

/** `left * right`, rounded to eight decimals; null where either is missing. */
export function multiply(left, right) {
  const [a, b] = [scaled(left), scaled(right)];
  if (a === null || b === null) return null;
  const product = a * b;
  return round(join(product < 0n, product < 0n ? -product : product, 2 * SCALE), 8);
}

/** An amount in its currency's own decimals: won whole, dollars with cents. */
export function money(text, currency = "KRW") {
  const rounded = round(text, WHOLE_UNITS.has(currency || "KRW") ? 0 : 2);
  if (rounded === null) return ABSENT;
  const number = parse(rounded);
  return dress(number.negative, number.whole, number.fraction);
}

/** A ratio as a percentage without its sign: `"-0.1234"` -> `12.34%`. */
export function percent(ratio) {
  const number = parse(ratio);
  if (!number) return ABSENT;
  const fraction = number.fraction.padEnd(2, "0");
  const shifted = `${number.whole}${fraction.slice(0, 2)}.${fraction.slice(2)}`;
  const rounded = parse(round(shifted, 2));
  return `${dress(false, rounded.whole, rounded.fraction)}%`;
}

/** The filled share of an order in whole percent, 0 to 100. */
export function share(part, total) {
  const [a, b] = [scaled(part), scaled(total)];
  if (a === null || b === null || b <= 0n) return 0;
  const result = Number((a * 100n) / b);
  return Math.max(0, Math.min(100, result));
}

/** Compares two decimal strings; a missing one comes first. */
export function compare(left, right) {
  const [a, b] = [scaled(left), scaled(right)];
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const KST_TIME = formatter("Asia/Seoul", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const KST_DAY = formatter("Asia/Seoul", { month: "2-digit", day: "2-digit" });
const ET_TIME = formatter("America/New_York", { hour: "2-digit", minute: "2-digit" });

/** `14:03:21` in Korea. */
export function time(iso) {
  return iso ? KST_TIME.format(new Date(iso)) : ABSENT;
}

/** `14:03:21` when it is the same Korean day as `now`, else `11-20 14:03`. */
export function moment(iso, now) {
  if (!iso) return ABSENT;
  const day = monthDay(iso);
  return day === monthDay(now) ? time(iso) : `${day} ${time(iso).slice(0, 5)}`;
}

/** `00:03 ET`: where a US order's market was at that instant. */
export function eastern(iso) {
  return iso ? `${ET_TIME.format(new Date(iso))} ET` : "";
}

/** Whole seconds as `[hours, minutes, seconds]`, never negative. */
export function parts(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
}

/** `00:12`, and `1:02:03` past an hour. */
export function stopwatch(milliseconds) {
  const [hours, minutes, seconds] = parts(milliseconds).map((n) => String(n).padStart(2, "0"));
  return hours === "00" ? `${minutes}:${seconds}` : `${Number(hours)}:${minutes}:${seconds}`;
}

function monthDay(when) {
  const found = Object.fromEntries(KST_DAY.formatToParts(new Date(when)).map((part) => [part.type, part.value]));
  return `${found.month}-${found.day}`;
}

function formatter(timeZone, fields) {
  return new Intl.DateTimeFormat("en-GB", { timeZone, hourCycle: "h23", ...fields });
}

function scaled(text) {
  const number = parse(text);
  if (!number) return null;
  const value = BigInt(number.whole + number.fraction.slice(0, SCALE).padEnd(SCALE, "0"));
  return number.negative ? -value : value;
}

function join(negative, value, places) {
  const digits = value.toString().padStart(places + 1, "0");
  const cut = digits.length - places;
  const body = places ? `${digits.slice(0, cut)}.${digits.slice(cut)}` : digits;
  return negative && value !== 0n ? `-${body}` : body;
}

function dress(negative, whole, fraction) {
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return `${negative ? "-" : ""}${grouped}${fraction ? `.${fraction}` : ""}`;
}
