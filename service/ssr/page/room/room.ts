// The room in the browser: one connection, and around it video, meter, checks and chat.
import { Chat } from "./client/chat";
import { Checks } from "./client/check";
import { Meter } from "./client/meter";
import { askOfPatients } from "./client/patient";
import { Player } from "./client/player";
import type { BeatAnswer, Joined, PersonPush, RoomPush } from "./client/protocol";
import { Announcer } from "./client/announce";
import { setClock } from "./client/now";
import { clock, find, say } from "./client/say";
import { Connection, RefusedError, renewEvery, type State } from "./client/wire";

const beatEvery = 15_000;

class Page {
  private readonly webinar: string;
  private readonly status: HTMLElement;
  private readonly viewers: HTMLElement;
  private readonly meter: Meter;
  private readonly player: Player;
  private readonly chat: Chat;
  private readonly checks: Checks;
  private readonly connection: Connection;
  private sequence = 0;
  private inside = false;
  private hasBeenInside = false;
  private lastBeat = "";
  private soon = 0;

  constructor(private readonly root: HTMLElement) {
    this.webinar = root.dataset["room"] ?? "";
    const zone = root.dataset["zone"] ?? "UTC";
    this.status = find(root, "[data-connection]");
    this.viewers = find(root, "[data-viewers]");
    this.meter = new Meter(root, zone);
    this.player = new Player(root, () => this.beatSoon());
    const connection = (): Connection => this.connection;
    this.chat = new Chat(root, { webinar: this.webinar, time: clock(zone), connection, announcer: new Announcer(root) });
    askOfPatients(root);
    this.checks = new Checks(root, connection, (c) => this.meter.show(c));
    this.connection = new Connection(this.webinar, {
      joined: (j) => this.joined(j), room: (p) => this.room(p), person: (p) => this.person(p),
      state: (s) => this.state(s), lastSequence: () => this.chat.lastSequence(), spoken: (s) => this.chat.lines.spoken(s),
      mine: (m) => this.chat.mine(m), board: (b) => {
        if (b.messages) this.chat.lines.update(b.messages);
        if (b.settings) this.chat.settings(b.settings);
      },
    });
    setInterval(() => void this.beat(), beatEvery);
    document.addEventListener("visibilitychange", () => this.beatSoon());
    addEventListener("pagehide", () => void this.report("PLAYER_LEFT"));
    addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });
    renewEvery(4);
  }

  private joined(j: Joined): void {
    this.inside = true;
    this.hasBeenInside = true;
    this.sequence = 0; // a new connection counts from one
    this.count(j.viewers ?? 0);
    this.meter.show(j.credit);
    setClock(j.room);
    this.chat.joined(j);
    if (j.check) this.checks.ask(j.check);
    void this.player.show(j.room.videoUrl, j.room.offsetMs ?? 0);
    void this.beat();
  }

  private room(p: RoomPush): void {
    if (p.messages) this.chat.lines.take(p.messages);
    if (p.viewers !== undefined) this.count(p.viewers);
  }

  private person(p: PersonPush): void {
    if (p.check) this.checks.ask(p.check);
    if (p.checkOver) this.checks.over(p.checkOver);
  }

  private state(s: State): void {
    this.inside = false;
    this.status.dataset["state"] = s;
    let text = say(s);
    if (s === "lost" && this.hasBeenInside) text += " " + say("kept");
    this.status.textContent = text;
    if (s !== "ended") return;
    this.checks.close("");
    this.chat.close();
    this.player.stop();
    // The page of the webinar has the recording and the credit; a moment lets one read the goodbye.
    setTimeout(() => location.assign(this.root.dataset["page"] ?? "/"), 8000);
  }

  private count(n: number): void {
    this.viewers.textContent = say("viewers", { n });
    this.viewers.dataset["n"] = String(n);
  }

  /** beatSoon reports a change of the player at once, but not each of a flurry of them. */
  private beatSoon(): void {
    clearTimeout(this.soon);
    this.soon = window.setTimeout(() => { if (this.key() !== this.lastBeat) void this.beat(); }, 300);
  }

  private key(): string { return `${this.player.state()} ${document.hidden}`; }

  private async beat(): Promise<void> {
    this.lastBeat = this.key();
    await this.report(this.player.state());
  }

  private async report(player: string): Promise<void> {
    if (!this.inside) return;
    try {
      const r = await this.connection.call<BeatAnswer>("room.beat", {
        sequence: ++this.sequence, player, positionMs: this.player.position(), hidden: document.hidden,
      });
      this.meter.show(r.credit);
      this.connection.heard(r.lastSequence, r.revision);
    } catch (e) {
      if (e instanceof RefusedError && e.code === "room.closed") this.connection.end("ended");
    }
  }
}

const root = document.querySelector<HTMLElement>("[data-room]");
if (root) new Page(root);
