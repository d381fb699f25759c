// What a screen reader is told. News are gathered and said at most once in a few seconds: a busy room must not drown the lecture.
import { find } from "./say";

export class Announcer {
  private readonly place: HTMLElement;
  private readonly news = new Map<string, () => string>();
  private timer = 0;

  constructor(root: ParentNode, private readonly every = 5000) { this.place = find(root, "[data-said]"); }

  /** now says at once what somebody waits for. */
  now(text: string): void {
    if (this.place.textContent === text) this.place.textContent = "";
    this.place.textContent = text;
  }

  /** soon says the newest of each kind of news, together with the others. */
  soon(kind: string, text: () => string): void {
    this.news.set(kind, text);
    this.timer ||= window.setTimeout(() => {
      this.timer = 0;
      const all = [...this.news.values()].map((t) => t()).filter(Boolean);
      this.news.clear();
      if (all.length > 0) this.place.textContent = all.join(" ");
    }, this.every);
  }
}
