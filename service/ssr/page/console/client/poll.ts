// Polls: prepared before the start or in a break, then opened, watched, closed, and shown to everybody or not.
import { arrange, button, make, refill } from "../../room/client/dom";
import { results } from "../../room/client/poll";
import type { Done, Poll } from "../../room/client/protocol";
import { find, say, trouble } from "../../room/client/say";
import type { RefusedError } from "../../room/client/wire";
import type { Desk } from "./desk";

const fewest = 2;
const most = 10;
const mostShown = 60;
const order: Record<string, number> = { open: 0, draft: 1, closed: 2 };

export class Polls {
  private readonly shown = new Map<number, { line: HTMLElement; like: string; counts: string }>();
  private readonly editor: Editor;

  constructor(private readonly root: HTMLElement, private readonly desk: Desk) {
    this.editor = new Editor(root, desk);
    find(root, "[data-poll-new]").onclick = () => this.editor.open(null);
  }

  show(): void {
    const all = [...this.desk.connection.board.polls.values()].filter((p) => p.state !== "discarded")
      .sort((a, b) => (order[a.state] ?? 9) - (order[b.state] ?? 9) || (a.state === "draft" ? a.number - b.number : b.number - a.number));
    find(this.root, "[data-polls-none]").hidden = all.length > 0;
    arrange(find(this.root, "[data-polls]"), all.slice(0, mostShown).map((p) => this.line(p)));
  }

  private line(p: Poll): HTMLElement {
    let s = this.shown.get(p.number);
    if (!s) {
      s = { line: make("li", { class: "console-poll", "data-poll": p.number, tabindex: -1 }), like: "", counts: "" };
      this.shown.set(p.number, s);
    }
    const like = JSON.stringify([p.question, p.options, p.multiple, p.state, p.shared]);
    const counts = JSON.stringify([p.counts, p.voters]);
    if (s.like !== like) this.fill(s.line, p);
    else if (s.counts !== counts) s.line.querySelector(".room-results")?.replaceWith(results(p));
    s.like = like;
    s.counts = counts;
    return s.line;
  }

  private fill(line: HTMLElement, p: Poll): void {
    line.dataset["state"] = p.state;
    const tone = p.state === "open" ? "main" : undefined;
    refill(line,
      make("p", { class: "flex flex-wrap gap-2" }, make("span", { class: "tag", "data-tone": tone }, say(`poll_${p.state}`)),
        p.multiple ? make("span", { class: "tag" }, say("poll_multiple")) : null,
        p.shared ? make("span", { class: "tag", "data-tone": "good" }, say("poll_shared")) : null),
      make("h3", { class: "lines" }, p.question),
      p.state === "draft" ? make("ol", { class: "console-options" }, ...p.options.map((o) => make("li", {}, o))) : results(p),
      make("p", { class: "room-actions" }, ...this.actions(p)));
  }

  private actions(p: Poll): Node[] {
    const act = (name: string, icon: string, run: () => void, first = false): HTMLElement => {
      const b = button(say(`poll_do_${name}`), icon, run, first ? "btn btn-primary btn-small" : "btn btn-plain btn-small");
      b.dataset["act"] = name;
      return b;
    };
    const number = p.number;
    const share = p.shared
      ? act("hide", "eye-off", () => void this.desk.act("poll.share", { number, on: false }))
      : act("share", "eye", () => void this.desk.act("poll.share", { number, on: true }), p.state === "closed");
    switch (p.state) {
      case "draft": {
        const open = act("open", "play", () => void this.open(p), true);
        open.dataset["live"] = "";
        return [open, act("edit", "pencil", () => this.editor.open(p)), act("discard", "trash-2", () => void this.discard(p))];
      }
      case "open": return [act("close", "check", () => void this.desk.act("poll.close", { number }), true), share];
      default: return [share];
    }
  }

  private async open(p: Poll): Promise<void> {
    const others = [...this.desk.connection.board.polls.values()].some((o) => o.state === "open");
    const sure = await this.desk.ask.open({ title: say("poll_open_title"), text: p.question + (others ? ` ${say("poll_open_others")}` : ""), yes: say("poll_do_open") });
    if (sure) await this.desk.act("poll.open", { number: p.number });
  }

  private async discard(p: Poll): Promise<void> {
    const sure = await this.desk.ask.open({ title: say("poll_discard_title"), text: p.question, yes: say("poll_do_discard"), grave: true });
    if (sure) await this.desk.act("poll.discard", { number: p.number });
  }
}

/** Editor writes a draft: a question and two to ten options. */
class Editor {
  private readonly dialog: HTMLDialogElement;
  private readonly question: HTMLInputElement;
  private readonly options: HTMLElement;
  private readonly multiple: HTMLInputElement;
  private readonly error: HTMLElement;
  private readonly add: HTMLElement;
  private number = 0;
  private id = "";
  private before: Element | null = null;

  constructor(root: ParentNode, private readonly desk: Desk) {
    this.dialog = find(root, "[data-poll-editor]");
    this.question = find(this.dialog, "#poll-question");
    this.options = find(this.dialog, "[data-poll-options]");
    this.multiple = find(this.dialog, "#poll-multiple");
    this.error = find(this.dialog, "[data-poll-error]");
    this.add = find(this.dialog, "[data-poll-add]");
    this.add.onclick = () => { this.option("").focus(); this.count(); };
    find(this.dialog, "[data-poll-no]").onclick = () => this.dialog.close();
    find<HTMLFormElement>(this.dialog, "form").onsubmit = (e) => { e.preventDefault(); void this.save(); };
    this.dialog.addEventListener("close", () => { if (this.before instanceof HTMLElement && this.before.isConnected) this.before.focus(); });
  }

  open(p: Poll | null): void {
    this.before = document.activeElement;
    this.number = p?.number ?? 0;
    this.id = crypto.randomUUID();
    this.question.value = p?.question ?? "";
    this.multiple.checked = p?.multiple ?? false;
    this.options.replaceChildren();
    for (const o of p?.options ?? ["", ""]) this.option(o);
    this.count();
    this.fail("");
    this.dialog.showModal();
    this.question.focus();
  }

  private option(text: string): HTMLInputElement {
    const input = make("input", { class: "input", type: "text", maxlength: 100, autocomplete: "off", "data-poll-option": "" });
    input.value = text;
    const away = make("button", { type: "button", class: "btn btn-plain btn-small" }, say("poll_option_away"));
    const line = make("li", { class: "flex items-center gap-2" }, input, away);
    away.onclick = () => {
      const next = (line.nextElementSibling ?? line.previousElementSibling)?.querySelector("input");
      line.remove();
      this.count();
      next?.focus();
    };
    this.options.append(line);
    return input;
  }

  /** count names the options by their places, and keeps as many as a poll may have. */
  private count(): void {
    const lines = [...this.options.children];
    lines.forEach((line, i) => {
      line.querySelector("input")?.setAttribute("aria-label", say("poll_option", { n: i + 1 }));
      const away = line.querySelector("button");
      if (!away) return;
      away.hidden = lines.length <= fewest;
      away.setAttribute("aria-label", say("poll_option_away_n", { n: i + 1 }));
    });
    this.add.hidden = lines.length >= most;
  }

  private async save(): Promise<void> {
    const question = this.question.value.trim();
    const options = [...this.options.querySelectorAll("input")].map((i) => i.value.trim()).filter(Boolean);
    if (!question) { this.fail(say("poll_no_question"), this.question); return; }
    if (options.length < fewest) { this.fail(say("poll_few_options"), this.options.querySelector("input")); return; }
    if (new Set(options).size < options.length) { this.fail(say("poll_same_options"), this.options.querySelector("input")); return; }
    try {
      await this.desk.connection.call<Done>("poll.save", { id: this.id, number: this.number, question, options, multiple: this.multiple.checked });
      this.dialog.close();
      this.desk.tell(say("poll_saved"));
    } catch (e) {
      this.fail(trouble((e as RefusedError).code));
    }
  }

  private fail(text: string, at: HTMLElement | null = null): void {
    this.error.textContent = text;
    this.error.hidden = !text;
    at?.focus();
  }
}
