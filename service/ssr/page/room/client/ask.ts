// The questions of a member: asking, voting, taking back; what is being answered stands on top.
import type { Announcer } from "./announce";
import type { Board } from "./board";
import { button, drawn, make, onFrame, write } from "./dom";
import { keep, keepField } from "./keep";
import { mutedWhy } from "./mute";
import type { Done, Mine, Muted, Question } from "./protocol";
import { Questions, type Order, type QuestionWays } from "./question";
import { count, find, say, trouble } from "./say";
import type { Connection, RefusedError } from "./wire";

export interface AskWays {
  webinar: string;
  time(iso: string): string;
  connection(): Connection;
  announcer: Announcer;
}

const groups = ["now", "open", "answered", "gone"] as const;
type Group = (typeof groups)[number];

export class Asking {
  private readonly lists: Record<Group, Questions>;
  private readonly form: HTMLFormElement;
  private readonly field: HTMLTextAreaElement;
  private readonly error: HTMLElement;
  private readonly order: HTMLSelectElement;
  private voted = new Set<number>();
  private asked = new Set<number>();
  private reasons = new Map<number, string>();
  private muted: Muted | undefined;
  private closed = false;
  private readonly words = new Map<number, string>(); // of own questions, which nobody else is told when they are closed
  private readonly marks = new Map<number, string>(); // what went wrong, or waits, beside a question

  constructor(private readonly root: ParentNode, private readonly board: () => Board, private readonly ways: AskWays) {
    const way: QuestionWays = {
      time: ways.time, own: (q) => this.asked.has(q.number), votes: (q) => this.votes(q), actions: (q) => this.actions(q),
    };
    const list = (g: Group): Questions => new Questions(find(root, `[data-questions=${g}] ol`), way);
    this.lists = { now: list("now"), open: list("open"), answered: list("answered"), gone: list("gone") };
    this.form = find<HTMLFormElement>(root, "[data-question-form]");
    this.field = find(root, "#question-text");
    this.error = find(root, "[data-question-error]");
    this.order = find<HTMLSelectElement>(root, "[data-question-order]");
    this.order.onchange = () => this.show();
    keepField(this.field, this.key);
    setInterval(() => { if (this.muted) this.writable(); }, 1000);
    this.form.onsubmit = (e) => { e.preventDefault(); void this.ask(); };
    this.field.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
      e.preventDefault();
      this.form.requestSubmit();
    });
  }

  private get key(): string { return `question:${this.ways.webinar}`; }

  mine(m: Mine): void {
    this.voted = new Set(m.voted);
    this.asked = new Set(m.asked);
    this.reasons = new Map((m.notices ?? []).filter((n) => n.kind !== "message_deleted").map((n) => [n.number, n.reason ?? ""]));
    for (const n of m.notices ?? []) if (n.kind !== "message_deleted" && n.body) this.words.set(n.number, n.body);
    this.muted = m.muted;
    this.writable();
    this.changed();
  }

  /** writable says why one cannot ask just now. */
  private writable(): void {
    const why = mutedWhy(this.muted, this.ways.time);
    const place = find(this.form, "[data-question-why]");
    place.hidden = why === "";
    write(place, why);
    find<HTMLButtonElement>(this.form, "[type=submit]").disabled = why !== "" || this.closed;
  }

  changed(): void { onFrame(this.show); }

  close(): void {
    this.closed = true;
    this.writable();
    this.changed();
  }

  private readonly show = (): void => {
    const all = [...this.board().questions.values()].map((q) => this.remembered(q));
    for (const g of groups) {
      const some = all.filter((q) => this.group(q) === g);
      find(this.root, `[data-questions=${g}]`).hidden = some.length === 0 && g !== "open";
      const order = g === "open" ? (this.order.value as Order) : "newest";
      this.lists[g].show(some, order, (q) => `${this.closed} ${this.asked.has(q.number)} ${this.voted.has(q.number)} ${this.marks.get(q.number) ?? ""}`);
    }
    const open = all.filter((q) => this.group(q) === "open").length;
    write(find(this.root, "[data-question-count]"), String(open));
    find(this.root, "[data-questions-empty]").hidden = open > 0;
  };

  private remembered(q: Question): Question {
    if (q.body && this.asked.has(q.number)) this.words.set(q.number, q.body);
    return { ...q, body: q.body || (this.words.get(q.number) ?? ""), reason: q.reason || (this.reasons.get(q.number) ?? "") };
  }

  private group(q: Question): Group | null {
    if (q.state === "answering") return "now";
    if (q.state === "open" || q.state === "answered") return q.state;
    return this.asked.has(q.number) && q.state !== "withdrawn" ? "gone" : null;
  }

  private votes(q: Question): Node {
    const n = q.votes ?? 0;
    if (q.state !== "open" || this.closed || this.asked.has(q.number)) {
      return make("p", { class: "room-votes" }, make("strong", {}, String(n)), make("span", {}, count("votes", n)));
    }
    const on = this.voted.has(q.number);
    const b = make("button", { type: "button", class: "room-votes", "data-act": "vote", "aria-pressed": String(on) },
      drawn("thumbs-up"), make("strong", {}, String(n)), make("span", {}, say(on ? "voted" : "vote")));
    b.onclick = () => void this.vote(q, !on);
    return b;
  }

  private actions(q: Question): Node[] {
    const mark = this.marks.get(q.number);
    const all: Node[] = mark ? [make("span", { class: "field-error", role: "alert" }, mark)] : [];
    if (q.state === "open" && !this.closed && this.asked.has(q.number)) {
      const b = button(say("withdraw"), "undo-2", () => void this.act(q, "question.withdraw", {}));
      b.dataset["act"] = "withdraw";
      all.push(b);
    }
    return all;
  }

  private async vote(q: Question, on: boolean): Promise<void> {
    if (on) this.voted.add(q.number); else this.voted.delete(q.number);
    this.changed();
    if (await this.act(q, "question.vote", { on })) return;
    if (on) this.voted.delete(q.number); else this.voted.add(q.number);
    this.changed();
  }

  private async act(q: Question, method: string, request: object): Promise<boolean> {
    this.marks.delete(q.number);
    try {
      const done = await this.ways.connection().call<Done>(method, { number: q.number, ...request });
      this.ways.connection().heard(0, done.revision);
      return true;
    } catch (e) {
      this.marks.set(q.number, trouble((e as RefusedError).code));
      this.changed();
      return false;
    }
  }

  private id = crypto.randomUUID(); // of the question that is being written: sent again, it is asked once

  private async ask(): Promise<void> {
    const body = this.field.value.trim();
    const anonymous = find<HTMLInputElement>(this.form, "[name=anonymous]");
    if (!body) { this.fail("question.empty"); return; }
    const submit = find<HTMLButtonElement>(this.form, "[type=submit]");
    submit.disabled = true;
    try {
      const done = await this.ways.connection().call<Done>("question.ask", { id: this.id, body, anonymous: anonymous.checked });
      if (done.number) this.asked.add(done.number);
      this.changed();
      this.ways.connection().heard(0, done.revision);
      this.id = crypto.randomUUID();
      this.field.value = "";
      keep(this.key, "");
      this.field.dispatchEvent(new Event("input", { bubbles: true }));
      anonymous.checked = false;
      this.error.hidden = true;
      this.ways.announcer.now(say("question_asked"));
    } catch (e) { this.fail((e as RefusedError).code); }
    this.writable();
  }

  private fail(code: string): void {
    this.error.textContent = trouble(code);
    this.error.hidden = false;
    this.field.focus();
  }
}
