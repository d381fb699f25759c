// The presence check: takes the focus and the title of the page, never the video.
import { find, say } from "./say";
import type { Check, Credit } from "./protocol";
import type { Connection } from "./wire";

export class Checks {
  private readonly dialog: HTMLDialogElement;
  private readonly left: HTMLElement;
  private readonly said: HTMLElement;
  private readonly title = document.title;
  private open = 0;
  private until = 0;
  private timer = 0;
  private before: Element | null = null;

  constructor(root: ParentNode, private readonly connection: () => Connection, private readonly credit: (c: Credit) => void) {
    this.dialog = find(root, "[data-check]");
    this.left = find(root, "[data-check-left]");
    this.said = find(root, "[data-check-said]");
    find(root, "[data-check-answer]").onclick = () => void this.answer();
    this.dialog.addEventListener("cancel", (e) => e.preventDefault());
  }

  /** ask shows a check; the server is told, because its window begins when it is seen. */
  ask(check: Check): void {
    void this.connection().call<{ check?: Check }>("check.delivered", { number: check.number }).then((r) => {
      if (r.check?.number === this.open) this.until = performance.now() + (r.check.leftMs ?? 0);
    }, () => undefined);
    this.until = performance.now() + (check.leftMs ?? 0);
    if (this.open === check.number) return;
    this.open = check.number;
    this.before = document.activeElement;
    this.dialog.show();
    find(this.dialog, "[data-check-answer]").focus();
    this.dialog.scrollIntoView({ block: "nearest" });
    clearInterval(this.timer);
    this.timer = window.setInterval(() => this.tick(), 500);
    this.tick();
  }

  over(number: number): void {
    if (number === this.open) this.close("");
  }

  close(said: string): void {
    clearInterval(this.timer);
    this.open = 0;
    document.title = this.title;
    if (this.dialog.open) {
      this.dialog.close();
      if (this.before instanceof HTMLElement) this.before.focus();
    }
    if (said) this.said.textContent = said;
  }

  private tick(): void {
    const seconds = Math.max(0, Math.ceil((this.until - performance.now()) / 1000));
    this.left.textContent = say("check_left", { seconds });
    document.title = Math.floor(performance.now() / 1000) % 2 ? this.title : say("check_title", { seconds });
    if (seconds === 0) this.close(say("check_late"));
  }

  private async answer(): Promise<void> {
    const number = this.open;
    if (!number) return;
    try {
      const r = await this.connection().call<{ counted?: boolean; credit: Credit }>("check.answer", { number });
      this.close(say(r.counted ? "check_thanks" : "check_late"));
      this.credit(r.credit);
    } catch { /* the dialog stays: the person can press again, and joining again shows it anew */ }
  }
}
