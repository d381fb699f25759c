// What a lost connection cost: the meter before and after it are compared, and the person is told.
import { find, say } from "./say";

const settles = 40_000; // until the server has counted the time again
const exact = 3; // seconds that clocks and rounding may differ
const early = 3000, late = 20_000; // before the one nothing is said to be lost, after the other nothing is waited for

export class Away {
  private readonly place: HTMLElement;
  private since = 0;
  private seconds = 0;
  private back = 0;
  private counted = false;
  private missing = 0; // seconds that should have been counted and are not, so far

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
    this.missing = 0;
  }

  /**
   * compare takes what should have been counted since it was asked last, and what was; it says whether it is too early to tell.
   * A gap is closed by what is watched after it, so what is missing at first may come with a later count.
   */
  compare(expected: number, watched: number, playing: boolean): boolean {
    const passed = performance.now() - this.back;
    if (!this.back || this.since || passed > settles) return false;
    this.missing += expected - watched;
    const gone = Math.min(this.seconds, this.missing);
    if (this.counted && gone > exact && passed < (playing ? early : late)) return true;
    this.say(gone <= exact, Math.round(this.seconds - gone), Math.round(gone));
    return false;
  }

  private say(all: boolean, kept: number, gone: number): void {
    const key = !this.counted ? "away_paused" : all ? "away_kept" : "away_part";
    this.place.dataset["all"] = String(all || !this.counted);
    this.place.textContent = say(key, { n: this.seconds, kept: Math.max(0, kept), gone });
    this.place.hidden = false;
    if (all) this.back = 0; // it cannot become better
  }
}
