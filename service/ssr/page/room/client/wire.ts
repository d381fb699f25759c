// The connection of a page to its room. It keeps itself alive, enters again after each loss, and closes the gaps of the board.
import { Centrifuge, type PublicationContext, type Subscription } from "centrifuge";
import { Board } from "./board";
import type { BoardPush, FrontPush, Joined, Mine, PersonPush, RoomPush, StateAnswer } from "./protocol";

/**
 *  connecting ──> connected <──> lost            and for good: ended, removed, refused, login
 *       └──> opening ──┘
 */
export type State = "connecting" | "connected" | "lost" | "opening" | "ended" | "removed" | "login" | "refused";

export interface Handlers {
  joined(j: Joined): void;
  state(s: State, reason?: string): void;
  /** room is a push to everybody in it, except for its board. */
  room(p: RoomPush): void;
  /** board is what changed on it, in order and without a gap. */
  board(p: BoardPush): void;
  mine?(m: Mine): void;
  person?(p: PersonPush): void;
  front?(p: FrontPush): void;
  /** lastSequence is the newest chat message that the page has. */
  lastSequence(): number;
  /** spoken says how far the chat is, where a push of it may have been missed. */
  spoken?(sequence: number): void;
}

export interface Options {
  /** Listens backstage, also before the room is open; the page calls enter to be in the room too. */
  backstage?: boolean;
}

/** RefusedError is a call that the server did not carry out; code names the sentence. */
export class RefusedError extends Error {
  constructor(readonly code: string, readonly temporary: boolean) { super(code); }
}

const patience = 6000;
const expired = new Set([3005, 4001]);
const closed = new Map<number, State>([[4501, "login"], [4502, "removed"]]);
const final = new Map<string, State>([
  ["room.closed", "ended"], ["room.removed", "removed"], ["room.members", "refused"], ["room.hosts", "refused"], ["auth.required", "login"],
]);

export class Connection {
  readonly board = new Board();
  /** name is what the server calls this connection. */
  name = "";
  private readonly engine: Centrifuge;
  private room: Subscription | null = null;
  private over = false;
  private joining = 0;
  private entering = false;
  private readonly arrivals: (() => void)[] = []; // calls that wait for it
  private asking = false;

  constructor(private readonly webinar: string, private readonly on: Handlers, private readonly options: Options = {}) {
    const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live/connection/websocket`;
    this.engine = new Centrifuge(address, { minReconnectDelay: 300, maxReconnectDelay: 8000, timeout: patience, maxServerPingDelay: 5000 });
    this.engine.on("connecting", (c) => {
      if (expired.has(c.code)) void renew();
      this.entering = this.room !== null;
      if (!this.over) this.on.state(c.code === 0 ? "connecting" : "lost");
    });
    this.engine.on("connected", (c) => { this.name = c.client; });
    this.engine.on("disconnected", (c) => this.end(closed.get(c.code) ?? "refused"));
    this.engine.on("publication", (c) => {
      if (c.channel === "front") this.on.front?.(c.data as FrontPush); else this.person(c.data as PersonPush);
    });
    if (options.backstage) this.listen(); else this.enter();
    this.engine.connect();
  }

  /** enter subscribes to the room and joins it, again after each loss. Who listens backstage calls it when the room opens. */
  enter(): void {
    if (!this.room) {
      this.room = this.subscribe(`room:${this.webinar}`, () => void this.join());
    }
    this.room.subscribe();
  }

  /** call makes one call of the protocol; it waits a moment for the connection, and for being in the room again. */
  async call<T>(method: string, request: object = {}): Promise<T> {
    try {
      return await this.once<T>(method, request);
    } catch (e) {
      if ((e as RefusedError).code !== "room.not_joined" || !this.entering) throw e;
      await new Promise<void>((done) => { this.arrivals.push(done); setTimeout(done, patience); });
      return this.once<T>(method, request);
    }
  }

  /** rejoin enters again on a connection that the room does not know, though it is open. */
  rejoin(): void {
    if (!this.entering) void this.join();
  }

  /** heard compares with where the room is, and asks for what a push should have brought. */
  heard(lastSequence = 0, revision = 0): void {
    if (revision > this.board.revision) this.catchUp();
    if (lastSequence > this.on.lastSequence()) this.on.spoken?.(lastSequence);
  }

  /** end leaves for good. */
  end(state: State, reason = ""): void {
    if (this.over) return;
    this.over = true;
    this.engine.disconnect();
    this.on.state(state, reason);
  }

  private async once<T>(method: string, request: object): Promise<T> {
    try {
      const result = await this.engine.rpc(method, { webinarId: this.webinar, ...request });
      return result.data as T;
    } catch (e) {
      const { message = "", temporary = true, code = 0 } = e as { message?: string; temporary?: boolean; code?: number };
      throw new RefusedError(message, temporary || code < 100); // below 100 are those of the client: no answer, no connection
    }
  }

  private subscribe(channel: string, subscribed: () => void): Subscription {
    const s = this.engine.newSubscription(channel, { minResubscribeDelay: 500, maxResubscribeDelay: 4000 });
    s.on("publication", (c: PublicationContext) => this.take(c.data as RoomPush, channel));
    s.on("subscribed", subscribed);
    s.on("error", (c) => this.refused(c.error.message));
    s.on("unsubscribed", (c) => this.refused(c.reason));
    return s;
  }

  private listen(): void {
    this.subscribe(`backstage:${this.webinar}`, () => {
      this.on.state("connected");
      void this.ask();
    }).subscribe();
  }

  private take(p: RoomPush, channel: string): void {
    this.on.room(p);
    // Backstage the board has more than in the room, so hosts take it from there alone.
    if (p.board && (!this.options.backstage || channel.startsWith("backstage:"))) this.takeBoard(p.board);
    if (p.closed) this.end("ended", p.closed.reason);
  }

  /** takeBoard shows what follows on what is known, and asks for the rest, if there is one up to the revision. */
  private takeBoard(push: BoardPush | undefined, revision = 0): void {
    if (push) for (const applied of this.board.take(push)) this.on.board(applied);
    if (this.board.gap || this.board.revision < revision) this.catchUp();
  }

  private person(p: PersonPush): void {
    if (p.unseen !== undefined) document.dispatchEvent(new CustomEvent("rounds:unseen", { detail: p.unseen })); // for the bell of the page
    if (p.webinarId !== this.webinar) return;
    if (p.removed) { this.end("removed", p.removed.reason); return; }
    if (p.mine) this.on.mine?.(p.mine);
    this.on.person?.(p);
  }

  private async join(): Promise<void> {
    const mine = ++this.joining;
    this.entering = true; // the answer fills whatever gap there is
    try {
      const joined = await this.once<Joined>("room.join", { afterSequence: this.on.lastSequence(), afterRevision: this.board.revision });
      if (mine !== this.joining || this.over) return;
      this.entering = false;
      for (const go of this.arrivals.splice(0)) go();
      this.on.state("connected");
      if (!this.options.backstage) this.takeBoard(joined.board, joined.revision);
      if (joined.mine) this.on.mine?.(joined.mine);
      this.on.joined(joined);
    } catch (e) {
      if (mine === this.joining && !this.refused((e as RefusedError).code)) setTimeout(() => void this.join(), 1000 + Math.random() * 1000);
    }
  }

  /** catchUp asks for what is missing: soon, but not everybody who missed it in the same moment. */
  private catchUp(): void {
    if (this.asking || this.over || (this.entering && !this.options.backstage)) return;
    this.asking = true;
    setTimeout(() => void this.ask(), Math.random() * 250);
  }

  private async ask(): Promise<void> {
    this.asking = true;
    const answer = await this.call<StateAnswer>("room.state", { afterRevision: this.board.revision }).catch(() => null);
    this.asking = false;
    if (!answer) { setTimeout(() => { if (this.board.gap) this.catchUp(); }, 1000); return; } // or joining again brings it
    this.takeBoard(answer.board, answer.revision);
    if (answer.mine) this.on.mine?.(answer.mine);
    if ((answer.lastSequence ?? 0) > this.on.lastSequence()) this.on.spoken?.(answer.lastSequence ?? 0);
  }

  /** refused tells the page why it is not in the room; true when trying again is pointless. */
  private refused(code: string): boolean {
    if (this.over) return true;
    const state = final.get(code);
    if (state === "removed") setTimeout(() => this.end(state), 1000); // the personal channel says why
    else if (state) this.end(state);
    else if (code === "room.opening" || code === "room.none") this.on.state("opening");
    return state !== undefined;
  }
}

/** renew gets a fresh session cookie; the connection that was closed for an old one then comes back by itself. */
async function renew(): Promise<void> {
  try { await fetch("/auth/refresh", { method: "POST", headers: { Accept: "application/json" } }); } catch { /* tried again at the next closing */ }
}

/** renewEvery keeps the cookie fresh, so that coming back is not delayed by it. */
export function renewEvery(minutes: number): void {
  setInterval(() => void renew(), minutes * 60_000);
}
