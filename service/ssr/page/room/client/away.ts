// What a lost connection cost: the meter before and after it are compared, and the person is told.
import { find, say } from "./say";

const settles = 40_000; // until the server has counted the time again
const exact = 3; // seconds that clocks and rounding may differ

export class Away {
  private readonly place: HTMLElement;
  private since = 0;
  private seconds = 0;
  private back = 0;
  private counted = false;

  constructor(root: ParentNode) { this.place = find(root, "[data-kept]"); }

  /** lost begins, and says how long it has been. */
  lost(counting: boolean): number {
    if (!this.since) {
      this.since = performance.now();
      this.counted = false;
      this.place.hidden = true;
    }
    this.counted ||= counting; // nothing can be lost while the video stands still
    return Math.round((performance.now() - this.since) / 1000);
  }

  returned(): void {
    if (!this.since) return;
    this.back = performance.now();
    this.seconds = Math.max(1, Math.round((this.back - this.since) / 1000));
    this.since = 0;
  }

  /** compare takes what should have been counted and what was. */
  compare(expected: number, watched: number): void {
    if (!this.back || this.since || performance.now() - this.back > settles) return;
    const gone = Math.min(this.seconds, expected - watched);
    this.say(gone <= exact, Math.round(this.seconds - gone), Math.round(gone));
  }

  private say(all: boolean, kept: number, gone: number): void {
    const key = !this.counted ? "away_paused" : all ? "away_kept" : "away_part";
    this.place.dataset["all"] = String(all || !this.counted);
    this.place.textContent = say(key, { n: this.seconds, kept: Math.max(0, kept), gone });
    this.place.hidden = false;
    if (all) this.back = 0; // it cannot become better
  }
}
