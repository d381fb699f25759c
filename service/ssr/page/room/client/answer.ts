// The polls of a member: answering, and changing the answer while the poll is open. What was chosen and not sent yet stays,
// whatever else happens to the poll.
import type { Board } from "./board";
import { arrange, make, onFrame, refill } from "./dom";
import { results } from "./poll";
import type { Mine, Poll } from "./protocol";
import { find, say, trouble } from "./say";
import type { Connection, RefusedError } from "./wire";

interface Card { item: HTMLElement; form: HTMLElement; below: HTMLElement; like: string }

export class Polls {
  private readonly list: HTMLElement;
  private readonly cards = new Map<number, Card>();
  private answers = new Map<number, ReadonlySet<number>>();
  private over = false;

  constructor(private readonly root: ParentNode, private readonly board: () => Board, private readonly connection: () => Connection,
    private readonly counted: (open: Poll[]) => void) {
    this.list = find(root, "[data-polls]");
  }

  mine(m: Mine): void {
    this.answers = new Map((m.answers ?? []).filter((a) => a.options?.length).map((a) => [a.number, new Set(a.options)]));
    this.changed();
  }

  changed(): void { onFrame(this.show); }

  /** close is for the end: a poll that nobody closed takes no answers any more. */
  close(): void {
    this.over = true;
    this.changed();
  }

  private readonly show = (): void => {
    const seen = [...this.board().polls.values()].filter((p) => p.state === "open" || p.state === "closed")
      .map((p) => this.over ? { ...p, state: "closed" as const } : p);
    seen.sort((a, b) => Number(b.state === "open") - Number(a.state === "open") || (b.openedAt ?? "").localeCompare(a.openedAt ?? ""));
    arrange(this.list, seen.map((p) => this.card(p)));
    find(this.root, "[data-polls-empty]").hidden = seen.length > 0;
    this.counted(seen.filter((p) => p.state === "open" && !this.answers.has(p.number)));
  };

  private card(p: Poll): HTMLElement {
    let c = this.cards.get(p.number);
    if (!c) {
      const form = make("div"), below = make("div", { class: "room-poll-below" });
      c = { item: make("li", { class: "room-poll", "data-poll": p.number }, form, below), form, below, like: "" };
      this.cards.set(p.number, c);
    }
    const like = JSON.stringify([p.question, p.options, p.multiple, p.state, [...(this.answers.get(p.number) ?? [])]]);
    if (c.like !== like) {
      c.like = like;
      c.item.dataset["state"] = p.state;
      refill(c.form, p.state === "open" ? this.form(p) : make("h3", {}, p.question));
    }
    refill(c.below, ...this.below(p));
    return c.item;
  }

  private below(p: Poll): Node[] {
    const own = this.answers.get(p.number);
    const all: Node[] = [];
    if (p.shared) all.push(results(p, own));
    else if (p.state === "closed") all.push(make("p", { class: "quiet" }, say("poll_unshared")));
    if (own && !p.shared) all.push(make("p", { class: "quiet" }, say("poll_answered", { options: [...own].map((i) => p.options[i]).join(", ") })));
    return all;
  }

  private form(p: Poll): HTMLElement {
    const own = this.answers.get(p.number);
    const kind = p.multiple ? "checkbox" : "radio";
    const options = p.options.map((option, i) => make("label", { class: "room-option" },
      make("input", { type: kind, class: kind, name: `poll-${p.number}`, value: i, checked: own?.has(i) ?? false, "data-act": `option-${i}` }), make("span", {}, option)));
    const error = make("p", { class: "field-error", role: "alert", hidden: true });
    const form = make("form", { novalidate: true },
      make("fieldset", {}, make("legend", {}, p.question), make("p", { class: "quiet" }, say(p.multiple ? "poll_several" : "poll_one")), ...options),
      error, make("button", { type: "submit", class: own ? "btn btn-plain" : "btn btn-primary", "data-act": "answer" }, say(own ? "poll_change" : "poll_answer")));
    form.onsubmit = (e) => {
      e.preventDefault();
      const chosen = [...form.querySelectorAll<HTMLInputElement>("input:checked")].map((input) => Number(input.value));
      void this.answer(p, chosen, error);
    };
    return form;
  }

  private async answer(p: Poll, options: number[], error: HTMLElement): Promise<void> {
    error.hidden = true;
    try {
      if (options.length === 0) { error.textContent = say("poll_choose"); error.hidden = false; return; }
      await this.connection().call("poll.answer", { number: p.number, options });
      this.answers.set(p.number, new Set(options));
      this.changed();
    } catch (e) {
      error.textContent = trouble((e as RefusedError).code);
      error.hidden = false;
    }
  }
}
