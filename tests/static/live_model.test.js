/** Feed and store together against a server whose sockets break, whose log is cut and whose epoch changes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { LiveFeed } from "../../static/js/live.js";
import { OrderStore } from "../../static/js/order_store.js";

const HISTORIES = 150;
const STEPS = 120;

/** mulberry32: the same numbers for the same seed. */
function dice(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A clock with timers; the server, the wires and the feed all run on it. */
class Time {
  constructor() {
    this.now = 1_000_000;
    this.timers = new Map();
    this.next = 1;
  }

  set(action, wait) {
    const id = this.next++;
    this.timers.set(id, { at: this.now + wait, id, action });
    return id;
  }

  async pass(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      const due = [...this.timers.values()].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at || a.id - b.id)[0];
      if (!due) break;
      this.timers.delete(due.id);
      this.now = due.at;
      due.action();
      await settled();
    }
    this.now = end;
  }
}

/** What the portal keeps for one person: rows, a numbered log that may be cut, an epoch; and its open sockets. */
class Server {
  constructor(time, chance) {
    Object.assign(this, { time, chance, rows: new Map(), log: [], epoch: "e1", seq: 0, sockets: new Set(), up: true });
  }

  change() {
    const id = 1 + Math.floor(this.chance() * 8);
    const version = (this.rows.get(id)?.version ?? 0) + 1 + Math.floor(this.chance() * 2); // two changes told as one
    const row = { id, version, status: "WORKING", cum_qty: String(version) };
    this.rows.set(id, row);
    this.seq += 1;
    this.log.push({ type: "event", seq: this.seq, entity: "order", id: String(id), version, row });
    this.poke();
  }

  /** Three of ten wake-ups are lost: then the tick of a second tells. */
  poke() {
    this.time.set(() => this.tell(), this.chance() < 0.3 ? 1_000 : 5);
  }

  tell() {
    for (const socket of this.sockets) if (socket.told !== null) this.bring(socket);
  }

  bring(socket) {
    if (socket.epoch !== this.epoch || !this.reaches(socket.told)) {
      Object.assign(socket, { epoch: this.epoch, told: this.seq });
      return socket.deliver({ type: "resync" });
    }
    for (const event of this.after(socket.told)) socket.deliver(event);
    socket.told = this.seq;
  }

  reaches(seq) {
    return seq <= this.seq && this.after(seq).length === this.seq - seq;
  }

  after(seq) {
    return this.log.filter((event) => event.seq > seq);
  }

  open() {
    const wire = new Wire(this);
    if (!this.up) {
      this.time.set(() => wire.breaks(), 20);
      return wire;
    }
    this.sockets.add(wire);
    Object.assign(wire, { epoch: this.epoch, told: null });
    const greeted = this.seq;
    wire.deliver({ type: "hello", epoch: this.epoch, seq: greeted, upstreams: [] });
    this.time.set(() => wire.told === null && Object.assign(wire, { told: greeted }), 250);
    this.beat(wire);
    return wire;
  }

  beat(wire) {
    this.time.set(() => {
      if (!this.sockets.has(wire)) return;
      if (wire.told !== null) wire.deliver({ type: "heartbeat", seq: wire.told, upstreams: [] });
      this.beat(wire);
    }, 5_000);
  }

  resumed(wire, { epoch, seq }) {
    if (!this.sockets.has(wire)) return;
    Object.assign(wire, { epoch, told: seq });
    this.bring(wire);
  }

  answer(url) {
    const query = new URL(url, "http://portal").searchParams;
    const known = query.get("epoch") === this.epoch && this.reaches(Number(query.get("after")));
    return known ? { epoch: this.epoch, seq: this.seq, events: this.after(Number(query.get("after"))) } : { resync: true };
  }
}

/** One socket: messages take a moment and keep their order; what is on the way when it breaks is lost. */
class Wire {
  constructor(server) {
    Object.assign(this, { server, closed: false, frozen: false, clear: 0 });
  }

  deliver(message) {
    const { time, chance } = this.server;
    if (message.type === "event" && chance() < 0.02) return; // a frame that nobody could read
    this.clear = Math.max(this.clear, time.now) + chance() * 30;
    time.set(() => this.closed || this.frozen || this.onmessage?.({ data: JSON.stringify(message) }), this.clear - time.now);
  }

  send(text) {
    const { time } = this.server;
    const wait = this.server.chance() * 300; // later than the server's patience, now and then
    time.set(() => this.closed || this.frozen || this.server.resumed(this, JSON.parse(text)), wait);
  }

  close() {
    this.closed = true;
    this.server.sockets.delete(this);
  }

  breaks() {
    if (this.closed) return;
    this.close();
    this.onclose?.({ code: 1006 });
  }
}

/** A page with a snapshot: takes events by version, reads the snapshot again when it is told to. */
function page(server, time, chance) {
  const store = new OrderStore([]);
  const seqs = [];
  const shown = new Map();
  let backward = 0;
  const watch = () => {
    for (const row of store.all()) {
      if (row.version < (shown.get(row.id) ?? 0)) backward += 1;
      shown.set(row.id, row.version);
    }
  };
  const feed = new LiveFeed({
    url: "ws://portal/ws/live/",
    eventsUrl: "/api/v1/events/",
    point: { epoch: server.epoch, seq: server.seq },
    emit: (name, detail) => {
      if (name === "event") {
        seqs.push([server.epoch, detail.seq]);
        store.take(detail.row);
        watch();
      }
      if (name === "resync") time.set(() => readAgain(detail.settle), 40);
    },
    openSocket: () => server.open(),
    fetchJson: async (url) => {
      if (!server.up || chance() < 0.3) throw new Error("no answer");
      return server.answer(url);
    },
    now: () => time.now,
    random: chance,
    setTimer: (action, wait) => time.set(action, wait),
    clearTimer: (id) => time.timers.delete(id),
  });

  function readAgain(settle) {
    if (!server.up || chance() < 0.2) return settle(null);
    const head = { epoch: server.epoch, seq: server.seq };
    for (let more = chance() * 4; more > 1; more -= 1) server.change(); // in the rows, and told again after the head
    store.takeAll([...server.rows.values()]);
    watch();
    return settle(head);
  }
  return { store, feed, seqs, backward: () => backward };
}

const TROUBLE = [
  [0.06, ({ server }) => [...server.sockets].forEach((wire) => wire.breaks())],
  [0.03, ({ server }) => [...server.sockets].forEach((wire) => (wire.frozen = true))],
  [0.03, ({ server }) => (server.log = server.log.slice(-2))],
  [0.02, ({ server }) => Object.assign(server, { epoch: `${server.epoch}+`, log: [] })],
  [0.02, ({ server }) => killed(server)],
];

function killed(server) {
  server.up = false;
  for (const wire of [...server.sockets]) wire.breaks();
  server.time.set(() => (server.up = true), 1_500);
}

async function history(seed) {
  const chance = dice(seed);
  const time = new Time();
  const server = new Server(time, chance);
  const { store, feed, seqs, backward } = page(server, time, chance);
  feed.start();
  for (let step = 0; step < STEPS; step += 1) {
    if (chance() < 0.7) server.change();
    for (const [odds, act] of TROUBLE) if (chance() < odds) act({ server });
    await time.pass(chance() * 900);
  }
  await time.pass(90_000);
  feed.stop();
  return { server, store, feed, seqs, backward: backward() };
}

const byId = (rows) => Object.fromEntries(rows.map((row) => [row.id, row.version]));

test(`no row goes back and after quiet the page equals the server, in ${HISTORIES} broken histories`, async () => {
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const { server, store, feed, backward } = await history(seed);
    assert.equal(feed.state, "live", `seed ${seed}`);
    assert.deepEqual(byId(store.all()), byId([...server.rows.values()]), `seed ${seed}`);
    assert.equal(feed.point.seq, server.seq, `seed ${seed}`);
    assert.equal(backward, 0, `seed ${seed}`);
  }
});

test("numbers never go back inside an epoch, and none comes twice", async () => {
  for (let seed = 1_001; seed <= 1_040; seed += 1) {
    const { seqs } = await history(seed);
    const last = new Map();
    for (const [epoch, seq] of seqs) {
      assert.ok(seq > (last.get(epoch) ?? 0), `seed ${seed}`);
      last.set(epoch, seq);
    }
  }
});
