/**
 * The browser's end of the event stream: one WebSocket, numbered events without holes, and a slow poll when it is down.
 *
 * Messages in: `hello`, `event`, `heartbeat`, `resync`; out: `resume`. News goes to `emit(name, detail)`:
 *   state     {state: "syncing" | "live" | "lost", since}
 *   upstreams {upstreams, time}
 *   event     {entity, id, version, row, recovered}   recovered: it happened while the link was lost
 *   dismissed {code}                                  signed out, or rights changed: nothing more comes
 *   returned  {from, to}                              after a loss, once nothing is missing any more
 *   resync    {settle(point), forget()}               read a snapshot, then settle with its {epoch, seq}; or forget
 *                                                     the number and go on from the server's next hello
 * Everything that is not arithmetic (socket, fetch, clock, timers, chance) is passed in.
 */

export const SILENCE_MS = 12_000;
const POLL_MS = 5_000;
const RESUME_PATIENCE_MS = 3_000;
const DISMISSED = new Set([4401, 4403]); // signed out, rights changed: another connection would not help
const BACK_OFF_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

export class LiveFeed {
  /** `point` is `{epoch, seq}` of the page's snapshot, or null: then events begin with the connection. */
  constructor({ url, eventsUrl, point, emit, openSocket, fetchJson, now, random, setTimer, clearTimer }) {
    Object.assign(this, { url, eventsUrl, emit, openSocket, fetchJson, now, random, setTimer, clearTimer });
    this.point = point?.epoch ? { epoch: point.epoch, seq: Number(point.seq) } : null;
    this.state = "syncing";
    this.failures = 0;
    this.lastHeard = now();
    this.lostSince = null;
    this.recovering = false;
    this.target = null;
    this.held = new Map();
    this.behind = null;
    this.settling = false;
    this.timers = {};
  }

  start() {
    this.lastHeard = this.now();
    this.connect();
    this.watch();
  }

  stop() {
    this.stopped = true;
    for (const timer of Object.values(this.timers)) this.clearTimer(timer);
    this.dropSocket();
  }

  /** Looks at the silence at once; for a page that was asleep. */
  check() {
    if (!this.stopped && this.now() - this.lastHeard >= SILENCE_MS) this.lose();
  }

  connect() {
    this.dropSocket();
    const socket = this.openSocket(this.url);
    this.socket = socket;
    socket.onmessage = (message) => socket === this.socket && this.receive(message.data);
    socket.onclose = (event) => socket === this.socket && this.onClose(event?.code);
    socket.onerror = () => {};
  }

  onClose(code) {
    if (!DISMISSED.has(code)) return this.retry();
    this.stop();
    this.emit("dismissed", { code });
  }

  dropSocket() {
    const socket = this.socket;
    this.socket = null;
    this.target = null;
    if (socket) socket.close();
  }

  retry() {
    this.dropSocket();
    if (this.stopped) return;
    if (this.state === "live") this.become("syncing");
    const step = BACK_OFF_MS[Math.min(this.failures, BACK_OFF_MS.length - 1)];
    this.failures += 1;
    this.later("connect", step * (0.5 + this.random() / 2), () => this.connect());
    this.schedulePoll();
  }

  watch() {
    this.later("watch", 1_000, () => {
      this.check();
      this.watch();
    });
  }

  lose() {
    if (this.state !== "lost") {
      this.lostSince = this.lastHeard;
      this.recovering = true;
      this.become("lost");
    }
    if (this.socket && this.now() - this.lastHeard >= SILENCE_MS) {
      this.lastHeard = this.now();
      this.retry();
    }
  }

  receive(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return this.retry(); // a frame that cannot be read may have carried an event: ask for it again
    }
    this.lastHeard = this.now();
    const handle = { hello: this.onHello, event: this.onEvent, heartbeat: this.onHeartbeat, resync: this.resync };
    handle[message.type]?.call(this, message);
  }

  onHello(message) {
    this.held.clear();
    this.behind = null;
    this.cancel("poll");
    this.emit("upstreams", message);
    if (!this.point) this.point = { epoch: message.epoch, seq: Number(message.seq) };
    if (this.point.epoch !== message.epoch) return this.resync();
    this.target = Number(message.seq);
    this.socket.send(JSON.stringify({ type: "resume", epoch: this.point.epoch, seq: this.point.seq }));
    this.later("resume", RESUME_PATIENCE_MS, () => this.held.size && this.retry());
    this.settleIfWhole();
  }

  onHeartbeat(message) {
    this.emit("upstreams", message);
    if (this.target === null) return this.retry(); // its hello never came, and nothing else says what to wait for
    const ahead = this.point && Number(message.seq) > this.point.seq;
    // Events of this very moment may still be on the way: only two heartbeats over the same hole are a loss.
    if (ahead && this.behind === this.point.seq) return this.retry();
    this.behind = ahead ? this.point.seq : null;
  }

  onEvent(message) {
    const seq = Number(message.seq);
    if (!this.point || seq <= this.point.seq) return;
    this.held.set(seq, message);
    while (this.held.has(this.point.seq + 1)) {
      const next = this.held.get(this.point.seq + 1);
      this.point.seq += 1;
      this.held.delete(this.point.seq);
      this.emit("event", { ...next, recovered: this.recovering });
    }
    if (this.held.size && this.state === "live") return this.retry();
    this.settleIfWhole();
  }

  settleIfWhole() {
    if (this.state === "live" || this.target === null || this.settling || this.point.seq < this.target) return;
    this.failures = 0;
    this.become("live");
    this.announceReturn();
  }

  announceReturn() {
    if (!this.recovering) return;
    this.recovering = false;
    this.emit("returned", { from: this.lostSince, to: this.now() });
  }

  /** The server cannot continue from where we are: the page reads everything again and says from where to go on. */
  resync() {
    if (this.settling) return;
    this.settling = true;
    this.failures += 1;
    this.dropSocket();
    if (this.state === "live") this.become("syncing");
    this.emit("resync", { settle: (point) => this.settle(point), forget: () => this.forget() });
  }

  forget() {
    this.point = null;
    this.settle(null);
  }

  /** `point` null: the snapshot could not be read; the next connection will ask again. */
  settle(point) {
    if (!this.settling) return;
    this.settling = false;
    if (point?.epoch) this.point = { epoch: point.epoch, seq: Number(point.seq) };
    this.held.clear();
    if ((point?.epoch || !this.point) && this.failures === 1) return this.connect();
    this.retry();
  }

  schedulePoll() {
    if (this.eventsUrl && !this.timers.poll) this.later("poll", POLL_MS, () => this.poll());
  }

  async poll() {
    if (this.point && !this.settling) await this.pollOnce().catch(() => null);
    if (this.state !== "live" && !this.stopped) this.schedulePoll();
  }

  async pollOnce() {
    const { epoch, seq } = this.point;
    const query = new URLSearchParams({ epoch, after: String(seq) });
    const answer = await this.fetchJson(`${this.eventsUrl}?${query}`);
    if (this.stopped || this.state === "live") return;
    if (answer.resync) return this.resync();
    for (const event of answer.events ?? answer.results ?? []) this.onEvent(event);
  }

  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit("state", { state, since: this.lostSince });
  }

  later(name, milliseconds, action) {
    this.cancel(name);
    this.timers[name] = this.setTimer(() => {
      this.timers[name] = null;
      action();
    }, milliseconds);
  }

  cancel(name) {
    if (this.timers[name]) this.clearTimer(this.timers[name]);
    this.timers[name] = null;
  }
}
