// The queue of questions: what is spoken about now, what waits (most votes first), and what is done with.
import { button, make } from "../../room/client/dom";
import { Menu, type Action } from "../../room/client/menu";
import type { Question } from "../../room/client/protocol";
import { Questions } from "../../room/client/question";
import { find, say } from "../../room/client/say";
import type { Desk } from "./desk";
import { actionsOnPerson } from "./moderate";

const mostOpen = 200; // those with the most votes; how many wait stands above them
const mostDone = 100;
const answerLimit = 2000;
const reasonLimit = 200;

export class Queue {
  private readonly now: Questions;
  private readonly open: Questions;
  private readonly done: Questions;
  private readonly menu = new Menu();

  constructor(private readonly root: HTMLElement, private readonly desk: Desk) {
    const ways = {
      time: desk.at, own: () => false,
      votes: (q: Question): Node => make("p", { class: "console-votes number" }, make("strong", {}, String(q.votes ?? 0)), make("span", { class: "sr-only" }, ` ${say("votes")}`)),
      actions: (q: Question): Node[] => this.actions(q),
    };
    this.now = new Questions(find(root, "[data-questions-now]"), ways);
    this.open = new Questions(find(root, "[data-questions]"), ways);
    this.done = new Questions(find(root, "[data-questions-done]"), ways);
  }

  show(): number {
    const all = [...this.desk.connection.board.questions.values()];
    const focused = document.activeElement?.closest<HTMLElement>("[data-question]")?.dataset["question"];
    const open = all.filter((q) => q.state === "open");
    const done = all.filter((q) => !["open", "answering", "withdrawn"].includes(q.state)).sort((a, b) => b.number - a.number);
    const like = (): string => "";
    this.now.show(all.filter((q) => q.state === "answering"), "newest", like);
    this.open.show(open.sort((a, b) => (b.votes ?? 0) - (a.votes ?? 0) || a.number - b.number).slice(0, mostOpen), "votes", like);
    this.done.show(done.slice(0, mostDone), "newest", like);
    find(this.root, "[data-questions-none]").hidden = open.length > 0;
    find(this.root, "[data-questions]").hidden = open.length === 0;
    find(this.root, "[data-questions-done-all]").hidden = done.length === 0;
    find(this.root, "[data-questions-done-title]").textContent = say("questions_done", { n: done.length });
    find(this.root, "[data-questions-open]").textContent = open.length ? say("questions_waiting", { n: open.length }) : "";
    // A question that moved to another list takes the focus with it.
    if (focused && document.activeElement === document.body) find(this.root, `[data-question="${focused}"]`).focus();
    return open.length;
  }

  private actions(q: Question): Node[] {
    const act = (label: string, icon: string, run: () => void, name: string, look?: string): HTMLElement => {
      const b = button(label, icon, run, look ?? "btn btn-plain btn-small");
      b.dataset["act"] = name;
      return b;
    };
    switch (q.state) {
      case "open":
        return [
          act(say("take"), "mic", () => void this.change("question.take", q), "take"),
          act(say("answer"), "message-square", () => void this.answer(q), "answer"), this.more(q, [
            { label: say("answered_live"), icon: "circle-check", run: () => void this.live(q) },
            { label: say("merge"), icon: "merge", run: () => void this.merge(q) },
            { label: say("dismiss_question"), icon: "x", run: () => void this.dismiss(q) },
            ...actionsOnPerson(this.desk, { question: q.number }, q.name ?? ""),
          ]),
        ];
      case "answering":
        return [
          act(say("answered_live"), "circle-check", () => void this.live(q), "live", "btn btn-primary btn-small"),
          act(say("answer"), "message-square", () => void this.answer(q), "answer"), this.more(q, [
            { label: say("reopen"), icon: "rotate-ccw", run: () => void this.change("question.reopen", q) },
            { label: say("dismiss_question"), icon: "x", run: () => void this.dismiss(q) },
          ]),
        ];
      case "answered":
        return [
          act(say(q.answer ? "answer_change" : "answer_add"), "pencil", () => void this.answer(q), "answer"),
          act(say("reopen"), "rotate-ccw", () => void this.change("question.reopen", q), "reopen"),
        ];
      default:
        return [act(say("reopen"), "rotate-ccw", () => void this.change("question.reopen", q), "reopen")];
    }
  }

  private more(q: Question, actions: Action[]): HTMLElement {
    const b = button("", "more-horizontal", null, "btn btn-plain btn-small");
    b.dataset["act"] = "more";
    b.setAttribute("aria-haspopup", "menu");
    b.setAttribute("aria-expanded", "false");
    b.setAttribute("aria-label", say("more_question", { n: q.number }));
    const again = (): HTMLElement | null => this.root.querySelector(`[data-question="${q.number}"] [data-act=more]`);
    b.onclick = () => this.menu.open(again, say("more_question", { n: q.number }), actions);
    return b;
  }

  private async change(method: string, q: Question): Promise<void> { await this.desk.act(method, { number: q.number }); }

  private async live(q: Question): Promise<void> {
    await this.desk.act("question.answer", { number: q.number }, say("done_live"), () => void this.change("question.reopen", q));
  }

  private async answer(q: Question): Promise<void> {
    const a = await this.desk.ask.open({
      title: say("answer_title"), text: q.body ?? "", yes: say("answer_yes"),
      words: { label: say("answer_label"), hint: say("answer_hint"), limit: answerLimit, value: q.answer ?? "" },
    });
    if (a) await this.desk.act("question.answer", { number: q.number, answer: a.words }, say("done_text"), () => void this.change("question.reopen", q));
  }

  private async dismiss(q: Question): Promise<void> {
    const a = await this.desk.ask.open({
      title: say("dismiss_title"), text: q.body ?? "", yes: say("dismiss_yes"),
      words: { label: say("reason"), hint: say("dismiss_hint"), limit: reasonLimit },
    });
    if (!a) return;
    await this.desk.act("question.dismiss", { number: q.number, reason: a.words }, say("dismissed"), () => void this.change("question.reopen", q));
  }

  private async merge(q: Question): Promise<void> {
    const others = [...this.desk.connection.board.questions.values()]
      .filter((o) => o.number !== q.number && (o.state === "open" || o.state === "answering"))
      .sort((a, b) => (b.votes ?? 0) - (a.votes ?? 0));
    if (others.length === 0) { this.desk.tell(say("merge_none"), undefined, true); return; }
    const a = await this.desk.ask.open({
      title: say("merge_title"), text: q.body ?? "", yes: say("merge_yes"),
      choice: { label: say("merge_into"), options: others.slice(0, 100).map((o) => [String(o.number), short(o.body ?? "")]) },
    });
    if (a) await this.desk.act("question.merge", { number: q.number, into: Number(a.choice) }, say("merged"), () => void this.change("question.reopen", q));
  }
}

function short(text: string): string { return text.length > 90 ? `${text.slice(0, 89)}…` : text; }
