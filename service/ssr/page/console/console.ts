// The console in the browser: one connection, backstage from the beginning and in the room when it opens, and around it the
// sections. What the board says is drawn once a frame; what only numbers tell is asked for while somebody looks at it.
import { Announcer } from "../room/client/announce";
import { onFrame, write } from "../room/client/dom";
import type { BeatAnswer, BoardPush, Joined, RoomPush } from "../room/client/protocol";
import { clock, find, say } from "../room/client/say";
import { Connection, renewEvery, type State } from "../room/client/wire";
import { Ask } from "./client/ask";
import { Desk } from "./client/desk";
import { Numbers } from "./client/numbers";
import { People } from "./client/people";
import { Polls } from "./client/poll";
import { Queue } from "./client/question";
import { Stage } from "./client/stage";
import { Tabs } from "./client/tabs";
import { Backstage, Talk } from "./client/talk";

const beatEvery = 15_000;

class Console {
  private readonly desk: Desk;
  private readonly said: Announcer;
  private readonly tabs: Tabs;
  private readonly stage: Stage;
  private readonly queue: Queue;
  private readonly polls: Polls;
  private readonly talk: Talk;
  private readonly notes: Backstage;
  private readonly people: People;
  private readonly numbers: Numbers;
  private readonly connection: Connection;
  private inside = false;
  private sequence = 0;
  private unread = { chat: 0, backstage: 0 };
  private hands = 0;
  private drawn = false;

  constructor(private readonly root: HTMLElement) {
    const webinar = root.dataset["console"] ?? "";
    this.said = new Announcer(root);
    this.connection = new Connection(webinar, {
      joined: (j) => this.joined(j), room: (p) => this.room(p), board: (p) => this.board(p), state: (s) => this.state(s),
      front: (p) => { if (p.webinarId === webinar && p.state === "live") this.connection.enter(); },
      lastSequence: () => this.talk?.chat.lastSequence() ?? 0, spoken: (s) => this.talk.chat.lines.spoken(s),
      mine: (m) => this.talk.chat.mine(m),
    }, { backstage: true });
    this.desk = new Desk(this.connection, clock(root.dataset["zone"] ?? "UTC"), this.said, new Ask(root), find(root, "[data-toast-place]"));
    this.stage = new Stage(root, this.desk);
    this.stage.opened = root.dataset["started"] ?? "";
    this.queue = new Queue(root, this.desk);
    this.polls = new Polls(root, this.desk);
    this.talk = new Talk(root, this.desk, (n) => this.heard(n));
    this.notes = new Backstage(root, this.desk);
    const seen = (name: string) => (): boolean => this.live && this.tabs.visible(name);
    this.people = new People(root, this.desk, seen("people"));
    this.numbers = new Numbers(root, this.desk, seen("numbers"));
    this.tabs = new Tabs(root, (name) => this.shown(name));
    setInterval(() => void this.beat(), beatEvery);
    renewEvery(4);
    addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });
    if (this.live) this.connection.enter();
    this.draw();
  }

  private get live(): boolean { return this.root.dataset["state"] === "live"; }

  private joined(j: Joined): void {
    this.inside = true;
    this.sequence = 0; // a new connection counts from one
    if (!this.live) document.querySelector("body > .toast")?.remove(); // it said that this would happen
    this.root.dataset["state"] = "live";
    this.stage.opened = j.room.openedAt ?? this.stage.opened;
    this.count(j.viewers ?? 0);
    this.talk.chat.joined(j);
    void this.beat();
    this.draw();
    for (const name of ["people", "numbers"]) if (this.tabs.visible(name)) this.shown(name);
  }

  private room(p: RoomPush): void {
    if (p.messages) this.talk.chat.lines.take(p.messages);
    if (p.viewers !== undefined) this.count(p.viewers);
  }

  /** heard is told how many messages others wrote. */
  private heard(n: number): void {
    if (!this.tabs.visible("chat")) this.tabs.count("chat", this.unread.chat += n);
  }

  private board(p: BoardPush): void {
    if (p.messages) this.talk.chat.lines.update(p.messages);
    if (p.questions?.some((q) => q.state === "open" && !q.votes)) this.said.soon("question", () => say("said_question"));
    onFrame(this.redraw);
  }

  private readonly redraw = (): void => this.draw();

  private draw(): void {
    this.stage.show();
    this.tabs.count("questions", this.queue.show());
    this.polls.show();
    this.talk.show();
    const notes = this.notes.show();
    const hands = this.people.show();
    if (hands > this.hands) this.said.soon("hand", () => say("hands_up", { n: this.hands }));
    this.hands = hands;
    if (this.drawn && notes > 0 && !this.tabs.visible("backstage")) this.tabs.count("backstage", this.unread.backstage += notes);
    this.drawn ||= this.connection.board.revision > 0;
  }

  private shown(name: string): void {
    if (name === "chat" || name === "backstage") {
      this.unread[name] = 0;
      this.tabs.count(name, 0);
    }
    if (name === "chat") this.talk.chat.lines.follow();
    if (name === "backstage") this.notes.toEnd();
    if (name === "people" && this.live) void this.people.ask();
    if (name === "numbers" && this.live) void this.numbers.ask();
  }

  private state(s: State): void {
    if (s !== "connected") this.inside = false;
    if (s === "opening" && !this.live) return; // it is not said before the start: nothing is wrong
    if (s === "connected" && !this.live) this.connection.enter(); // it may have begun before this page could hear of it
    const e = find(this.root, "[data-connection]");
    e.dataset["state"] = s;
    write(e, say(s === "refused" ? "console_refused" : s));
    if (s !== "ended") return;
    this.root.dataset["state"] = "ended";
    find(this.root, "[data-over]").hidden = false;
    for (const dialog of this.root.querySelectorAll("dialog")) dialog.close();
    this.talk.chat.close();
    this.draw();
  }

  private count(n: number): void {
    this.numbers.present = n;
    const e = find(this.root, "[data-viewers]");
    write(e, say("viewers", { n }));
    e.dataset["n"] = String(n);
  }

  /** beat keeps the host in the room, and tells what was missed. No video plays here, so it earns nothing. */
  private async beat(): Promise<void> {
    if (!this.inside) return;
    const request = { sequence: ++this.sequence, player: "PLAYER_PAUSED", positionMs: 0, hidden: document.hidden };
    const answer = await this.connection.call<BeatAnswer>("room.beat", request).catch(() => null);
    if (!answer) return;
    if (answer.viewers !== undefined) this.count(answer.viewers);
    this.connection.heard(answer.lastSequence, answer.revision);
  }
}

const root = document.querySelector<HTMLElement>("[data-console]");
if (root) new Console(root);
