// The protocol of the room (contract/livewebinar/v1/room.proto) as the browser sees it, and the connection that speaks it.
import { Centrifuge, type PublicationContext } from "centrifuge";

export interface Reason { code: string; state?: string; have?: number; of?: number; need?: number; more?: number }
export interface Credit {
  verdict: string; watchedSeconds?: number; creditableSeconds?: number; percent?: number;
  checksAnswered?: number; checksMissed?: number; worthHundredths?: number; reachedAt?: string; reasons?: Reason[];
}
export interface ChatMessage { sequence: number; id: string; name: string; host?: boolean; body: string; sentAt: string }
export interface Check { number: number; windowSeconds: number; leftMs?: number }
export interface Room { webinarId: string; title: string; videoUrl: string; offsetMs?: number }
export interface Joined {
  room: Room; messages?: ChatMessage[]; lastSequence?: number; viewers?: number; credit: Credit; check?: Check; host?: boolean;
}
export interface RoomPush { messages?: ChatMessage[]; viewers?: number; closed?: { reason: string } }
export interface PersonPush { webinarId: string; check?: Check; checkOver?: number }
export type State = "connecting" | "connected" | "lost" | "opening" | "ended" | "login" | "refused" | "elsewhere";

export interface Handlers {
  joined(j: Joined): void;
  room(p: RoomPush): void;
  person(p: PersonPush): void;
  state(s: State): void;
  lastSequence(): number;
}

/** RefusedError is a call that the server did not carry out; code names the sentence. */
export class RefusedError extends Error {
  constructor(readonly code: string, readonly temporary: boolean) { super(code); }
}

const expired = new Set([3005, 4001]);

/** Connection keeps itself alive: it comes back with growing, jittered pauses and enters the room again. */
export class Connection {
  private readonly engine: Centrifuge;
  private ended = false;
  private joining = 0;

  constructor(private readonly webinar: string, private readonly on: Handlers) {
    const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live/connection/websocket`;
    this.engine = new Centrifuge(address, { minReconnectDelay: 300, maxReconnectDelay: 8000, timeout: 6000, maxServerPingDelay: 5000 });
    this.engine.on("connecting", (c) => {
      if (expired.has(c.code)) void renew();
      if (!this.ended) this.on.state(c.code === 0 ? "connecting" : "lost");
    });
    this.engine.on("disconnected", (c) => {
      if (!this.ended) this.on.state(c.code === 4501 ? "login" : "refused");
    });
    this.engine.on("publication", (c) => this.on.person(c.data as PersonPush));
    const room = this.engine.newSubscription(`room:${webinar}`, { minResubscribeDelay: 500, maxResubscribeDelay: 4000 });
    room.on("publication", (c: PublicationContext) => this.take(c.data as RoomPush));
    room.on("subscribed", () => void this.join());
    room.on("error", (c) => this.refused(c.error.message));
    room.on("unsubscribed", (c) => this.refused(c.reason));
    room.subscribe();
    this.engine.connect();
  }

  /** call makes one call of the protocol; it waits for the connection. */
  async call<T>(method: string, request: object): Promise<T> {
    try {
      const result = await this.engine.rpc(method, { webinarId: this.webinar, ...request });
      return result.data as T;
    } catch (e) {
      const { message = "", temporary = true } = e as { message?: string; temporary?: boolean };
      throw new RefusedError(message, temporary);
    }
  }

  private take(p: RoomPush): void {
    if (p.closed) this.end();
    this.on.room(p);
  }

  private async join(): Promise<void> {
    const mine = ++this.joining;
    try {
      const joined = await this.call<Joined>("room.join", { afterSequence: this.on.lastSequence() });
      if (mine !== this.joining) return;
      this.on.state("connected");
      this.on.joined(joined);
    } catch (e) {
      if (mine === this.joining && !this.refused((e as RefusedError).code)) setTimeout(() => void this.join(), 1000 + Math.random() * 1000);
    }
  }

  /** refused tells the page why it is not in the room; true when trying again is pointless. */
  private refused(code: string): boolean {
    if (this.ended) return true;
    if (code === "room.closed") { this.end(); return true; }
    if (code === "room.opening" || code === "room.none") this.on.state("opening");
    if (code === "room.members") this.on.state("refused");
    if (code === "auth.required") this.on.state("login");
    return code === "room.members" || code === "auth.required";
  }

  private end(): void {
    this.ended = true;
    this.on.state("ended");
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
