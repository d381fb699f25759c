// One dialog for everything that is asked before something is done: why, how long, into which, or just whether.
import { make } from "../../room/client/dom";
import { find, say } from "../../room/client/say";

export interface Asked {
  title: string;
  text?: string;
  yes: string;
  grave?: boolean;
  /** Words that are asked for. */
  words?: { label: string; hint?: string; limit: number; value?: string; optional?: boolean };
  /** One of several, first of all. */
  choice?: { label: string; options: [value: string, label: string][] };
}

export interface Answer { words: string; choice: string }

export class Ask {
  private readonly dialog: HTMLDialogElement;
  private readonly words: HTMLTextAreaElement;
  private readonly choice: HTMLSelectElement;
  private readonly error: HTMLElement;
  private answered: ((a: Answer | null) => void) | null = null;
  private asked: Asked | null = null;

  constructor(root: ParentNode) {
    this.dialog = find(root, "[data-ask]");
    this.words = find(this.dialog, "textarea");
    this.choice = find(this.dialog, "select");
    this.error = find(this.dialog, "[data-ask-error]");
    find<HTMLFormElement>(this.dialog, "form").onsubmit = (e) => { e.preventDefault(); this.submit(); };
    find(this.dialog, "[data-ask-no]").onclick = () => this.dialog.close();
    this.dialog.addEventListener("close", () => this.done(null));
    // Enter in a text of one thought sends it; a new line is Shift and Enter.
    this.words.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || e.shiftKey || e.isComposing || (this.asked?.words?.limit ?? 0) > 300) return;
      e.preventDefault();
      this.submit();
    });
  }

  /** open asks, and gives what was answered; null when it was called off. The focus then goes back to where it was. */
  async open(asked: Asked): Promise<Answer | null> {
    const before = document.activeElement;
    this.asked = asked;
    find(this.dialog, "[data-ask-title]").textContent = asked.title;
    this.part("[data-ask-text]", asked.text);
    this.part("[data-ask-words-part]", asked.words?.label, "[data-ask-label]");
    this.part("[data-ask-choice-part]", asked.choice?.label, "[data-ask-choice-label]");
    this.part("[data-ask-hint]", asked.words?.hint);
    this.words.value = asked.words?.value ?? "";
    if (asked.words) this.words.maxLength = asked.words.limit;
    this.words.setAttribute("aria-required", String(!asked.words?.optional));
    this.choice.replaceChildren(...(asked.choice?.options ?? []).map(([value, label]) => make("option", { value }, label)));
    this.fail("");
    const yes = find(this.dialog, "[data-ask-yes]");
    yes.textContent = asked.yes;
    yes.className = asked.grave ? "btn btn-error" : "btn btn-primary";
    this.dialog.showModal();
    (asked.choice ? this.choice : asked.words ? this.words : yes).focus();
    const answer = await new Promise<Answer | null>((done) => { this.answered = done; });
    if (before instanceof HTMLElement && before.isConnected) before.focus();
    return answer;
  }

  private part(selector: string, text: string | undefined, inside = ""): void {
    const e = find(this.dialog, selector);
    e.hidden = !text;
    (inside ? find(e, inside) : e).textContent = text ?? "";
  }

  private submit(): void {
    const words = this.words.value.trim();
    if (this.asked?.words && !this.asked.words.optional && !words) { this.fail(say("ask_empty")); this.words.focus(); return; }
    this.done({ words, choice: this.choice.value });
    this.dialog.close();
  }

  private fail(text: string): void {
    this.error.textContent = text;
    this.error.hidden = !text;
    if (text) this.words.setAttribute("aria-invalid", "true"); else this.words.removeAttribute("aria-invalid");
  }

  private done(a: Answer | null): void {
    this.answered?.(a);
    this.answered = null;
  }
}
