// The room in a member's browser: one connection, and around it video, meter, checks, and the panel of chat, questions and polls.
import { Announcer } from "./client/announce";
import { Polls } from "./client/answer";
import { Asking } from "./client/ask";
import { Away } from "./client/away";
import { Chat } from "./client/chat";
import { Checks } from "./client/check";
import { Chime } from "./client/chime";
import { write } from "./client/dom";
import { Farewell } from "./client/farewell";
import { RaisedHand } from "./client/hand";
import { Meter } from "./client/meter";
import { Notices } from "./client/notice";
import { setClock } from "./client/now";
import { askOfPatients } from "./client/patient";
import { Player } from "./client/player";
import type { BeatAnswer, BoardPush, ChatMessage, Credit, Joined, Mine, PersonPush, Poll, RoomPush } from "./client/protocol";
import { clock, find, say, trouble } from "./client/say";
import { Tabs } from "./client/tabs";
import { Connection, RefusedError, renewEvery, type State } from "./client/wire";

const beatEvery = 15_000;
const recountAfter = 3000; // when it is too early to say what a lost connection cost

class Page {
  private readonly webinar: string;
  private readonly status: HTMLElement;
  private readonly viewers: HTMLElement;
  private readonly announcer: Announcer;
  private readonly meter: Meter;
  private readonly player: Player;
  private readonly chat: Chat;
  private readonly asking: Asking;
  private readonly polls: Polls;
  private readonly hand: RaisedHand;
  private readonly checks: Checks;
  private readonly notices: Notices;
  private readonly away: Away;
  private readonly farewell: Farewell;
  private readonly tabs: Tabs;
  private readonly connection: Connection;
  private readonly questions = new Set<number>(); // that were seen
  private readonly opened = new Set<number>(); // polls that were told
  private now: State = "connecting";
  private sequence = 0;
  private inside = false;
  private hasBeenInside = false;
  private lastBeat = "";
  private soon = 0;
  private recount = 0;
  private unheard = 0; // messages that a screen reader was not told of

  constructor(private readonly root: HTMLElement) {
    this.webinar = root.dataset["room"] ?? "";
    const zone = root.dataset["zone"] ?? "UTC";
    const ways = { webinar: this.webinar, time: clock(zone), connection: () => this.connection, announcer: new Announcer(root) };
    this.announcer = ways.announcer;
    this.status = find(root, "[data-connection]");
    this.viewers = find(root, "[data-viewers]");
    this.tabs = new Tabs(root, (name) => this.looked(name));
    this.meter = new Meter(root, zone, (text) => this.announcer.now(text));
    this.player = new Player(root, () => this.beatSoon());
    this.chat = new Chat(root, { ...ways, arrived: (m) => this.heard(m) });
    this.asking = new Asking(root, () => this.connection.board, ways);
    this.polls = new Polls(root, () => this.connection.board, ways.connection, (open) => this.open(open));
    this.hand = new RaisedHand(root, ways.connection, (e) => this.announcer.now(trouble((e as RefusedError).code)));
    const chime = new Chime(root);
    this.checks = new Checks(root, { ...ways, credit: (c) => this.meter.show(c), chime: () => chime.play() });
    this.notices = new Notices(root, this.webinar, ways.time);
    this.away = new Away(root);
    this.farewell = new Farewell(root, this.meter);
    for (const field of root.querySelectorAll("textarea")) askOfPatients(field);
    this.connection = new Connection(this.webinar, {
      joined: (j) => this.joined(j), room: (p) => this.room(p), person: (p) => this.person(p), board: (b) => this.board(b), mine: (m) => this.mine(m),
      state: (s, reason) => this.state(s, reason), lastSequence: () => this.chat.lastSequence(), spoken: (s) => this.chat.lines.spoken(s),
    });
    this.keepTime();
  }

  private keepTime(): void {
    setInterval(() => void this.beat(), beatEvery);
    setInterval(() => this.second(), 1000);
    document.addEventListener("visibilitychange", () => this.beatSoon());
    addEventListener("pagehide", () => this.leave());
    addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });
    renewEvery(4);
  }

  /** leave says goodbye twice: what is written on the connection of a page that goes away may never be sent. Who comes back loads anew. */
  private leave(): void {
    if (!this.inside) return;
    void this.report("PLAYER_LEFT");
    this.inside = false;
    navigator.sendBeacon("/live/leave", new URLSearchParams({
      webinar: this.webinar, connection: this.connection.name, sequence: String(this.sequence),
    }));
  }

  private joined(j: Joined): void {
    this.inside = true;
    this.hasBeenInside = true;
    this.sequence = 0; // a new connection counts from one
    setClock(j.room);
    this.seal(j.room.commitment ?? "");
    this.count(j.viewers ?? 0);
    if (!this.meter.last) this.meter.show(j.credit); // after a loss the next beat says more: that one is counted again
    this.away.returned();
    this.chat.joined(j);
    this.checks.joined(j.check);
    this.asking.changed();
    this.polls.changed();
    void this.player.show(j.room.videoUrl, j.room.offsetMs ?? 0);
    void this.beat();
  }

  /** seal shows what the evidence will be compared with. */
  private seal(commitment: string): void {
    const place = find(this.root, "[data-commitment]");
    write(place, commitment);
    if (place.parentElement) place.parentElement.hidden = !commitment;
  }

  private room(p: RoomPush): void {
    if (p.messages) this.chat.lines.take(p.messages);
    if (p.viewers !== undefined) this.count(p.viewers);
  }

  private board(b: BoardPush): void {
    if (b.messages) this.chat.lines.update(b.messages);
    if (b.settings) this.chat.settings(b.settings);
    if (b.settings || b.programme) this.notices.show(this.connection.board);
    if (b.polls) this.polls.changed();
    if (!b.questions) return;
    this.asking.changed();
    const fresh = b.questions.filter((q) => q.state === "open" && !this.questions.has(q.number));
    for (const q of fresh) this.questions.add(q.number);
    if (this.hasBeenInside) this.tabs.add("questions", fresh.length);
  }

  private mine(m: Mine): void {
    this.chat.mine(m);
    this.asking.mine(m);
    this.polls.mine(m);
    this.hand.mine(m);
  }

  private person(p: PersonPush): void {
    if (p.check) this.checks.ask(p.check);
    if (p.checkOver) this.checks.over(p.checkOver);
  }

  /** heard is what others wrote; who reads it elsewhere is told how much that is, not each word. */
  private heard(messages: ChatMessage[]): void {
    if (!this.hasBeenInside) return;
    this.tabs.add("chat", messages.length);
    const last = messages.at(-1);
    this.unheard += messages.length;
    this.announcer.soon("chat", () => {
      const n = this.unheard;
      this.unheard = 0;
      if (this.tabs.selected !== "chat") return "";
      return n === 1 && last ? `${last.name}: ${last.body ?? ""}` : say("chat_new", { n });
    });
  }

  private open(polls: Poll[]): void {
    this.tabs.count("polls", polls.length);
    for (const p of polls) {
      if (this.opened.has(p.number)) continue;
      this.opened.add(p.number);
      this.announcer.soon("poll", () => say("poll_opened", { question: p.question }));
    }
  }

  private looked(name: string): void {
    if (name !== "polls") this.tabs.count(name, 0);
    if (name === "chat") this.chat.lines.follow();
  }

  private state(s: State, reason = ""): void {
    this.inside = false;
    this.now = s;
    this.status.dataset["state"] = s;
    write(this.status, say(s));
    if (s === "lost" && this.hasBeenInside) this.second();
    if (s !== "ended" && s !== "removed") return;
    if (reason === "undone") { location.reload(); return; } // the start failed: the page says when it opens again
    this.checks.close("");
    this.player.stop();
    for (const part of [this.chat, this.asking, this.polls, this.hand]) part.close();
    if (s === "ended") this.farewell.ended(Number(this.viewers.dataset["n"] ?? 0)); else this.farewell.removed(reason);
  }

  /** second moves what moves by itself: the meter while the video plays, and how long the connection has been lost. */
  private second(): void {
    const counting = this.player.state() === "PLAYER_PLAYING" && this.connection.board.now() === "talk";
    if (this.now === "connected" || this.now === "lost") if (counting) this.meter.tick();
    if (this.now !== "lost" || !this.hasBeenInside) return;
    const seconds = this.away.lost(counting);
    write(find(this.root, "[data-lost-for]"), say("lost_for", { n: seconds }));
  }

  private count(n: number): void {
    write(this.viewers, say("viewers", { n }));
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
      this.credit(r.credit);
      this.connection.heard(r.lastSequence, r.revision);
    } catch (e) {
      if (!(e instanceof RefusedError)) return;
      if (e.code === "room.closed") this.connection.end("ended");
      if (e.code === "room.not_joined") this.connection.rejoin(); // or nobody would count the minutes
    }
  }

  private credit(c: Credit): void {
    const unsure = this.away.compare(this.meter.expected(), c.watchedSeconds ?? 0, this.player.state() === "PLAYER_PLAYING");
    clearTimeout(this.recount);
    if (unsure) this.recount = window.setTimeout(() => void this.beat(), recountAfter);
    this.meter.show(c);
  }
}

const root = document.querySelector<HTMLElement>("[data-room]");
if (root) new Page(root);
