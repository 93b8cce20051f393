/** The blotter's rows by id and version, and what has changed since the screen was last drawn. No DOM. */

export class OrderStore {
  constructor(rows) {
    this.rows = new Map(rows.map((row) => [String(row.id), row]));
    this.changed = new Map();
  }

  /** Takes a row unless it is no newer than what is here. Returns what it changed, or null. */
  take(row, restored = false) {
    const id = String(row.id);
    const before = this.rows.get(id);
    if (before && Number(row.version) <= Number(before.version)) return null;
    const next = restored ? { ...row, restored: true } : row;
    this.rows.set(id, next);
    const change = this.changed.get(id) ?? { before: before ?? null };
    this.changed.set(id, { ...change, row: next });
    return { before: before ?? null, row: next };
  }

  /**
   * A whole snapshot, newer than all that was told before it: rows that are newer here stay, what it does not name has
   * left the list. Returns the changes it brought.
   */
  takeAll(rows, restored = false) {
    const named = new Set(rows.map((row) => String(row.id)));
    for (const [id, row] of this.rows) if (!named.has(id)) this.drop(id, row);
    this.renewAll(rows);
    return rows.map((row) => this.take(row, restored)).filter(Boolean);
  }

  /** Rows of the same version, whose buttons may differ: what may be done to an order changes with the hour. */
  renewAll(rows) {
    for (const row of rows) this.renew(row);
  }

  drop(id, row) {
    this.rows.delete(id);
    const before = this.changed.get(id)?.before ?? (this.changed.has(id) ? null : row);
    this.changed.delete(id);
    if (before) this.changed.set(id, { before, row: null });
  }

  renew(row) {
    const id = String(row.id);
    const here = this.rows.get(id);
    if (!here || Number(here.version) !== Number(row.version) || sameActions(here, row)) return;
    const next = here.restored ? { ...row, restored: true } : row;
    this.rows.set(id, next);
    this.changed.set(id, { before: here, ...this.changed.get(id), row: next });
  }

  /** Rows that an inquiry of the server's recovered are shown as such. */
  mark(ids) {
    for (const id of ids) {
      const row = this.rows.get(id);
      if (!row || row.restored) continue;
      const next = { ...row, restored: true };
      this.rows.set(id, next);
      this.changed.set(id, { before: row, ...this.changed.get(id), row: next });
    }
  }

  /** What to draw, each row once, and a clean slate. */
  drain() {
    const changes = [...this.changed.values()];
    this.changed.clear();
    return {
      add: changes.filter((one) => !one.before && one.row).map((one) => one.row).reverse(),
      update: changes.filter((one) => one.before && one.row).map((one) => one.row),
      remove: changes.filter((one) => one.before && !one.row).map((one) => one.before),
    };
  }

  all() {
    return [...this.rows.values()];
  }
}

/** What a change means to a person who listens: fills, refusals, cancels, new orders, outcomes not known. */
export function meaning({ before, row }) {
  const became = (status) => row.status === status && before?.status !== status;
  return {
    fills: before !== null && before.cum_qty !== row.cum_qty ? 1 : 0,
    refusals: became("REJECTED") || became("NOT_SENT") ? 1 : 0,
    cancels: became("CANCELED") ? 1 : 0,
    orders: before === null ? 1 : 0,
    doubts: isUnknown(row) && !isUnknown(before) ? 1 : 0,
  };
}

function sameActions(one, other) {
  return JSON.stringify(one.allowed_actions) === JSON.stringify(other.allowed_actions);
}

function isUnknown(row) {
  return ["UNKNOWN", "ESCALATED"].includes(row?.command?.state);
}
