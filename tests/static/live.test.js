import assert from "node:assert/strict";
import { test } from "node:test";

import { LiveFeed, SILENCE_MS } from "../../static/js/live.js";

/** A feed on a clock, timers, sockets and answers of our own. */
function desk({ point = { epoch: "e1", seq: 10 }, answers = [] } = {}) {
  const world = { now: 1_000_000, timers: new Map(), sockets: [], news: [], asked: [], nextTimer: 1 };
  world.feed = new LiveFeed({
    url: "ws://portal/ws/live/",
    eventsUrl: "/api/v1/events/",
    point,
    emit: (name, detail) => world.news.push([name, detail]),
    openSocket: () => {
      const socket = { sent: [], closed: false, send: (text) => socket.sent.push(JSON.parse(text)), close: () => (socket.closed = true) };
      world.sockets.push(socket);
      return socket;
    },
    fetchJson: async (url) => {
      world.asked.push(url);
      const answer = answers.shift();
      if (!answer) throw new Error("no answer");
      return answer;
    },
    now: () => world.now,
    random: () => 1,
    setTimer: (action, wait) => {
      const id = world.nextTimer++;
      world.timers.set(id, { at: world.now + wait, action });
      return id;
    },
    clearTimer: (id) => world.timers.delete(id),
  });
  world.socket = () => world.sockets.at(-1);
  world.say = (message) => world.socket().onmessage({ data: JSON.stringify(message) });
  world.hello = (seq = 10, epoch = "e1") => world.say({ type: "hello", epoch, seq, upstreams: [] });
  world.event = (seq) => world.say({ type: "event", seq, entity: "order", id: String(seq), version: seq, row: { id: seq } });
  world.beat = (seq) => world.say({ type: "heartbeat", seq, time: "2026-11-20T20:00:00+09:00", upstreams: [] });
  world.heard = (name) => world.news.filter(([one]) => one === name).map(([, detail]) => detail);
  world.seqs = () => world.heard("event").map((detail) => detail.seq);
  world.pass = (milliseconds) => {
    const end = world.now + milliseconds;
    for (;;) {
      const due = [...world.timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      world.timers.delete(due[0]);
      world.now = due[1].at;
      due[1].action();
    }
    world.now = end;
  };
  world.feed.start();
  return world;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a page with a snapshot resumes from it and is live once nothing is missing", () => {
  const world = desk();
  world.hello(12);
  assert.deepEqual(world.socket().sent, [{ type: "resume", epoch: "e1", seq: 10 }]);
  assert.equal(world.feed.state, "syncing");
  world.event(11);
  world.event(12);
  assert.equal(world.feed.state, "live");
  assert.deepEqual(world.seqs(), [11, 12]);
});

test("a page without a snapshot begins with the server's number", () => {
  const world = desk({ point: null });
  world.hello(40);
  assert.deepEqual(world.socket().sent, [{ type: "resume", epoch: "e1", seq: 40 }]);
  world.event(41);
  assert.deepEqual(world.seqs(), [41]);
});

test("an event that was already seen changes nothing", () => {
  const world = desk();
  world.hello();
  world.event(11);
  world.event(11);
  world.event(3);
  assert.deepEqual(world.seqs(), [11]);
});

test("a hole while live makes the feed ask again from the last number", () => {
  const world = desk();
  world.hello();
  world.event(11);
  world.event(13);
  assert.deepEqual(world.seqs(), [11]);
  world.pass(600);
  world.hello(13);
  assert.deepEqual(world.socket().sent, [{ type: "resume", epoch: "e1", seq: 11 }]);
  world.event(12);
  world.event(13);
  assert.deepEqual(world.seqs(), [11, 12, 13]);
});

test("events of now that overtake the missed ones wait for them", () => {
  const world = desk();
  world.hello(12);
  world.event(13);
  assert.deepEqual(world.seqs(), []);
  world.event(11);
  world.event(12);
  assert.deepEqual(world.seqs(), [11, 12, 13]);
  assert.equal(world.sockets.length, 1);
});

test("one heartbeat ahead is news on the way, two over the same hole are a loss", () => {
  const world = desk();
  world.hello();
  world.beat(11);
  assert.equal(world.sockets.length, 1);
  world.beat(11);
  world.pass(600);
  assert.equal(world.sockets.length, 2);
});

test("a socket that beats without having said hello is left, for the poll may hide that it says nothing", () => {
  const world = desk();
  world.beat(10);
  assert.equal(world.socket().closed, true);
  world.pass(500);
  assert.equal(world.sockets.length, 2);
  world.hello(10);
  assert.equal(world.feed.state, "live");
});

test("12 s of silence are a loss, and the return says from when to when", () => {
  const world = desk();
  world.hello();
  const silentSince = world.now;
  world.pass(SILENCE_MS - 1_000);
  assert.equal(world.feed.state, "live");
  world.pass(2_000);
  assert.equal(world.feed.state, "lost");
  world.pass(1_000);
  world.hello(11);
  world.event(11);
  assert.equal(world.feed.state, "live");
  assert.equal(world.heard("event")[0].recovered, true);
  assert.deepEqual(world.heard("returned"), [{ from: silentSince, to: world.now }]);
  world.event(12);
  assert.equal(world.heard("event")[1].recovered, false);
});

test("a socket that closes for a moment is not yet a loss", () => {
  const world = desk();
  world.hello();
  world.socket().onclose({ code: 1006 });
  assert.equal(world.feed.state, "syncing");
  world.pass(500);
  world.hello();
  assert.equal(world.feed.state, "live");
  assert.deepEqual(world.heard("returned"), []);
});

test("while the socket is down events are asked for each 5 s", async () => {
  const event = { seq: 11, entity: "order", id: "7", version: 2, row: {} };
  const world = desk({ answers: [{ epoch: "e1", seq: 11, events: [event] }] });
  world.hello();
  world.socket().onclose({ code: 1006 });
  world.pass(5_100);
  await settled();
  assert.deepEqual(world.asked, ["/api/v1/events/?epoch=e1&after=10"]);
  assert.deepEqual(world.seqs(), [11]);
  assert.notEqual(world.feed.state, "live");
});

test("a poll that finds holes it cannot fill reads the page again", async () => {
  const world = desk({ answers: [{ resync: true }] });
  world.hello();
  world.socket().onclose({ code: 1006 });
  world.pass(5_100);
  await settled();
  assert.equal(world.heard("resync").length, 1);
});

test("attempts back off to 15 s", () => {
  const world = desk();
  const times = [];
  for (let attempt = 0; attempt < 8; attempt += 1) {
    world.socket().onclose({ code: 1006 });
    const before = world.now;
    const sockets = world.sockets.length;
    while (world.sockets.length === sockets) world.pass(100);
    times.push(world.now - before);
  }
  assert.deepEqual(times, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test("another epoch asks for a snapshot and goes on from it", () => {
  const world = desk();
  world.hello(3, "e2");
  const [{ settle }] = world.heard("resync");
  settle({ epoch: "e2", seq: 4 });
  world.hello(4, "e2");
  assert.deepEqual(world.socket().sent, [{ type: "resume", epoch: "e2", seq: 4 }]);
  assert.equal(world.feed.state, "live");
});

test("a resync that is refused again backs off instead of racing", () => {
  const world = desk();
  world.hello();
  world.say({ type: "resync" });
  world.heard("resync")[0].settle({ epoch: "e1", seq: 20 });
  world.hello(25);
  world.say({ type: "resync" });
  const sockets = world.sockets.length;
  world.heard("resync")[1].settle({ epoch: "e1", seq: 25 });
  assert.equal(world.sockets.length, sockets);
  world.pass(4_000);
  assert.equal(world.sockets.length, sockets + 1);
});

test("a page without a snapshot forgets its number at a resync", () => {
  const world = desk({ point: null });
  world.hello(5);
  world.say({ type: "resync" });
  world.heard("resync")[0].forget();
  world.hello(9);
  assert.deepEqual(world.socket().sent, [{ type: "resume", epoch: "e1", seq: 9 }]);
});

test("a snapshot that could not be read is asked for again", () => {
  const world = desk();
  world.hello(3, "e2");
  world.heard("resync")[0].settle(null);
  world.pass(2_000);
  world.hello(3, "e2");
  assert.equal(world.heard("resync").length, 2);
});

test("signed out or other rights: the feed stops and says so", () => {
  for (const code of [4401, 4403]) {
    const world = desk();
    world.hello();
    world.socket().onclose({ code });
    world.pass(60_000);
    assert.deepEqual(world.heard("dismissed"), [{ code }]);
    assert.equal(world.sockets.length, 1);
  }
});

test("a message that cannot be read is treated as a lost one", () => {
  const world = desk();
  world.hello();
  world.socket().onmessage({ data: "{" });
  world.pass(600);
  assert.equal(world.sockets.length, 2);
});

test("a socket that hangs while connecting is given up after 12 s", () => {
  const world = desk();
  world.pass(SILENCE_MS + 2_000);
  assert.equal(world.feed.state, "lost");
  assert.equal(world.sockets[0].closed, true);
  assert.ok(world.sockets.length > 1);
});

test("a stopped feed does nothing more", () => {
  const world = desk();
  world.hello();
  world.feed.stop();
  world.pass(60_000);
  assert.equal(world.sockets.length, 1);
  assert.equal(world.socket().closed, true);
});
