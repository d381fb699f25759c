// A list of questions. What can be done with each is given by the page: a member votes and withdraws, a host answers.
import { arrange, drawn, make, refill } from "./dom";
import type { Question } from "./protocol";
import { say } from "./say";

export interface QuestionWays {
  time(iso: string): string;
  own(q: Question): boolean;
  /** votes is what stands for the number of votes: a button, or text. */
  votes(q: Question): Node;
  actions(q: Question): Node[];
}

export type Order = "votes" | "newest";

export class Questions {
  private readonly shown = new Map<number, { line: HTMLElement; like: string; votes: number }>();
  private held = false;

  constructor(private readonly list: HTMLElement, private readonly ways: QuestionWays) {
    // Nothing moves under a finger or the keyboard.
    for (const e of ["pointerenter", "focusin"]) list.addEventListener(e, () => { this.held = true; });
    for (const e of ["pointerleave", "focusout"]) list.addEventListener(e, () => { this.held = list.contains(document.activeElement); });
  }

  /** show makes the list these questions. like distinguishes what else the page says about one. */
  show(questions: Question[], order: Order, like: (q: Question) => string): void {
    const sorted = [...questions].sort((a, b) => order === "votes" ? (b.votes ?? 0) - (a.votes ?? 0) || a.number - b.number : b.number - a.number);
    const lines = sorted.map((q) => this.line(q, JSON.stringify({ ...q, votes: 0 }) + like(q)));
    const kept = new Set(sorted.map((q) => q.number));
    for (const number of this.shown.keys()) if (!kept.has(number)) this.shown.delete(number);
    arrange(this.list, this.held ? this.asTheyStand(lines) : lines);
  }

  private asTheyStand(lines: HTMLElement[]): HTMLElement[] {
    const there = [...this.list.children].filter((c) => lines.includes(c as HTMLElement)) as HTMLElement[];
    return [...there, ...lines.filter((l) => !there.includes(l))];
  }

  private line(q: Question, like: string): HTMLElement {
    let s = this.shown.get(q.number);
    if (!s) {
      s = { line: make("li", { class: "room-question", "data-question": q.number, tabindex: -1 }), like: "", votes: 0 };
      this.shown.set(q.number, s);
    }
    const votes = q.votes ?? 0;
    if (s.like !== like) {
      s.line.dataset["state"] = q.state;
      refill(s.line, this.ways.votes(q), make("div", {}, ...this.text(q)));
    } else if (s.votes !== votes) this.count(s.line, q);
    s.like = like;
    s.votes = votes;
    return s.line;
  }

  /** count changes the number of votes alone: they change all the time, and a button under a finger must not go away. */
  private count(line: HTMLElement, q: Question): void {
    const old = line.firstElementChild;
    const focused = old === document.activeElement;
    const votes = this.ways.votes(q);
    old?.replaceWith(votes);
    if (focused && votes instanceof HTMLElement) votes.focus();
  }

  private text(q: Question): Node[] {
    const who = make("p", { class: "room-line quiet" }, asker(q));
    if (q.anonymous && q.name) who.append(" ", make("span", { class: "tag" }, say("anonymous")));
    if (this.ways.own(q)) who.append(" ", make("span", { class: "tag" }, say("yours")));
    who.append(" ", make("time", { datetime: q.askedAt }, this.ways.time(q.askedAt)));
    const actions = this.ways.actions(q);
    return [
      ...(q.body ? [make("p", { class: "lines" }, q.body)] : []), who, ...outcome(q),
      ...(actions.length > 0 ? [make("p", { class: "room-actions" }, ...actions)] : []),
    ];
  }
}

function asker(q: Question): string { return q.name || say("anonymous"); }

/** outcome is what became of a question. */
function outcome(q: Question): Node[] {
  const line = (icon: string, text: string): HTMLElement => make("p", { class: "room-outcome" }, drawn(icon), make("span", {}, text));
  switch (q.state) {
    case "answering": return [line("mic", say("question_answering"))];
    case "answered":
      if (!q.answer) return [line("circle-check", say("question_live"))];
      return [line("circle-check", say("question_answered", { name: q.answeredBy ?? "" })), make("p", { class: "room-answer lines" }, q.answer)];
    case "dismissed": return [line("x", q.reason ? say("question_dismissed_for", { reason: q.reason }) : say("question_dismissed"))];
    case "merged": return [line("reply", q.reason ? say("question_merged_for", { reason: q.reason }) : say("question_merged"))];
    case "withdrawn": return [line("undo-2", say("question_withdrawn"))];
    default: return [];
  }
}
