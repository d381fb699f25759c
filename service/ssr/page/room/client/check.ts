// The presence check: takes the focus and the title of the page, never the video.
import type { Announcer } from "./announce";
import { write } from "./dom";
import type { Check, Credit } from "./protocol";
import { find, say, trouble } from "./say";
import type { Connection, RefusedError } from "./wire";

const typingPause = 900; // who is writing finishes the word before the focus moves
const toldAt = new Set([60, 30, 10]); // seconds left that a screen reader is told

export interface CheckWays {
  connection(): Connection;
  announcer: Announcer;
  credit(c: Credit): void;
  chime(): void;
}

export class Checks {
  private readonly dialog: HTMLDialogElement;
  private readonly left: HTMLElement;
  private readonly bar: HTMLProgressElement;
  private readonly error: HTMLElement;
  private readonly said: HTMLElement;
  private readonly title = document.title;
  private open = 0;
  private until = 0;
  private timer = 0;
  private typed = 0;
  private told = 0;
  private before: Element | null = null;

  constructor(root: ParentNode, private readonly ways: CheckWays) {
    this.dialog = find(root, "[data-check]");
    this.left = find(root, "[data-check-left]");
    this.bar = find(root, "[data-check-bar]");
    this.error = find(root, "[data-check-error]");
    this.said = find(root, "[data-check-said]");
    find(root, "[data-check-answer]").onclick = () => void this.answer();
    this.dialog.addEventListener("cancel", (e) => e.preventDefault());
    addEventListener("keydown", () => { this.typed = performance.now(); }, { capture: true, passive: true });
  }

  /** ask shows a check; the server is told, because its window begins when it is seen. */
  ask(check: Check): void {
    void this.ways.connection().call<{ check?: Check }>("check.delivered", { number: check.number }).then((r) => {
      if (r.check?.number === this.open) this.until = performance.now() + (r.check.leftMs ?? 0);
    }, () => undefined);
    this.until = performance.now() + (check.leftMs ?? 0);
    if (this.open === check.number) return;
    this.open = check.number;
    this.told = 0;
    this.bar.max = check.windowSeconds;
    this.error.hidden = true;
    this.said.textContent = "";
    this.before = document.activeElement;
    this.dialog.show();
    this.dialog.scrollIntoView({ block: "nearest" });
    this.focus(check.number);
    this.ways.chime();
    clearInterval(this.timer);
    this.timer = window.setInterval(() => this.tick(), 500);
    this.tick();
  }

  over(number: number): void {
    if (number === this.open) this.close("");
  }

  /** joined closes one that is not open any more, such as one that ran out while the connection was lost. */
  joined(check: Check | undefined): void {
    if (check) this.ask(check); else this.close("");
  }

  close(said: string): void {
    clearInterval(this.timer);
    this.open = 0;
    document.title = this.title;
    if (this.dialog.open) {
      const focused = this.dialog.contains(document.activeElement);
      this.dialog.close();
      if (focused && this.before instanceof HTMLElement) this.before.focus();
    }
    if (!said) return;
    this.said.textContent = said;
    setTimeout(() => { if (this.said.textContent === said) this.said.textContent = ""; }, 20_000);
  }

  private focus(number: number): void {
    if (this.open !== number) return;
    const wait = typingPause - (performance.now() - this.typed);
    if (this.typed && wait > 0) setTimeout(() => this.focus(number), wait);
    else find(this.dialog, "[data-check-answer]").focus();
  }

  private tick(): void {
    const seconds = Math.max(0, Math.ceil((this.until - performance.now()) / 1000));
    write(this.left, say("check_left", { seconds }));
    this.bar.value = seconds;
    document.title = Math.floor(performance.now() / 1000) % 2 ? this.title : say("check_title", { seconds });
    if (toldAt.has(seconds) && this.told !== seconds) {
      this.told = seconds;
      this.ways.announcer.now(say("check_title", { seconds }));
    }
    if (seconds === 0) this.close(say("check_late"));
  }

  private async answer(): Promise<void> {
    const number = this.open;
    if (!number) return;
    this.error.hidden = true;
    try {
      const r = await this.ways.connection().call<{ counted?: boolean; credit: Credit }>("check.answer", { number });
      this.close(say(r.counted ? "check_thanks" : "check_late"));
      this.ways.credit(r.credit);
    } catch (e) { // the dialog stays: the person can press again, and joining again shows it anew
      this.error.textContent = (e as RefusedError).temporary ? say("check_again") : trouble((e as RefusedError).code);
      this.error.hidden = false;
    }
  }
}
