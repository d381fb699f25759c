// The credit meter: what the server computed a moment ago, in words. Between two of its answers the seconds go on while the
// video plays and the time counts; its next answer is the truth again.
import { knows, find, say, clock } from "./say";
import { make, write } from "./dom";
import { now } from "./now";
import type { Credit, Reason } from "./protocol";

const ahead = 20; // seconds that are shown without an answer of the server, at most

export class Meter {
  last: Credit | null = null;
  /** until is the time of the day to which the last answer counted. */
  until = "";
  private readonly panel: HTMLDetailsElement;
  private readonly time: (iso: string) => string;
  private played = 0; // seconds since the last answer that should count

  constructor(root: ParentNode, zone: string, private readonly told: (text: string) => void) {
    this.panel = find<HTMLDetailsElement>(root, "[data-meter-panel]");
    this.time = clock(zone);
    const desk = matchMedia("(min-width: 64rem)"); // on a phone it is folded, so that there is room for the panel
    this.panel.open = desk.matches;
    desk.onchange = () => { this.panel.open = desk.matches; };
  }

  show(c: Credit): void {
    if (this.last && this.last.verdict !== c.verdict) this.told(this.sum(c));
    this.last = c;
    this.until = this.time(new Date(now()).toISOString());
    this.played = 0;
    this.panel.dataset["verdict"] = c.verdict;
    write(find(this.panel, "[data-meter-verdict]"), say(`verdict_${c.verdict}`));
    write(find(this.panel, "[data-meter-sum]"), this.sum(c));
    find<HTMLProgressElement>(this.panel, "[data-meter-bar]").value = c.percent ?? 0;
    const minutes = c.reasons?.find((r) => r.code === "minutes");
    const mark = find(this.panel, "[data-meter-need]");
    mark.hidden = !minutes?.of;
    if (minutes?.of) mark.style.left = `${Math.min(100, ((minutes.need ?? 0) * 100) / minutes.of)}%`;
    find(this.panel, "[data-meter-reasons]").replaceChildren(...this.reasons(c));
    this.watched();
  }

  /** tick is a second that should count. */
  tick(): void {
    if (!this.last) return;
    this.played++;
    this.watched();
  }

  /** expected is how many seconds the server should have counted by now. */
  expected(): number { return (this.last?.watchedSeconds ?? 0) + this.played; }

  /** sum is the whole in one sentence. */
  sum(c: Credit): string {
    const parts = ["minutes", "checks"].flatMap((code) => {
      const r = c.reasons?.find((each) => each.code === code);
      if (!r || (code === "checks" && !r.of)) return [];
      const head = say(`sum_${code}`, { have: r.have ?? 0, of: r.of ?? 0 });
      if (r.state === "missing") return [`${head}, ${say("sum_more", { more: r.more ?? 0 })}`];
      return [r.state === "unmet" ? `${head}, ${say("sum_unmet")}` : head];
    });
    if (c.reachedAt) parts.push(say("reason_reached", { at: this.time(c.reachedAt) }));
    return parts.join("; ");
  }

  /** reasons are the lines below the meter. */
  reasons(c: Credit): HTMLElement[] {
    const lines = (c.reasons ?? []).flatMap((r) => this.line(r, c));
    if (c.worthHundredths) {
      const points = new Intl.NumberFormat(document.documentElement.lang).format(c.worthHundredths / 100);
      lines.push(make("li", {}, say(c.verdict === "passed" ? "worth_reached" : "worth", { points })));
    }
    return lines;
  }

  private watched(): void {
    const c = this.last;
    if (!c) return;
    const seconds = Math.min((c.watchedSeconds ?? 0) + Math.min(this.played, ahead), Math.max(c.creditableSeconds ?? 0, c.watchedSeconds ?? 0));
    this.panel.dataset["seconds"] = String(c.watchedSeconds ?? 0);
    write(find(this.panel, "[data-meter-watched]"), say("watched", {
      min: Math.floor(seconds / 60), sec: seconds % 60, of: Math.round((c.creditableSeconds ?? 0) / 60), percent: c.percent ?? 0,
    }));
  }

  private line(r: Reason, c: Credit): HTMLElement[] {
    let key = `reason_${r.code}`;
    if (r.code === "checks" && !r.of) key = "reason_checks_none";
    else if (r.code === "bridged" && !r.of) key = "reason_bridged_any";
    else if (r.state && knows(`${key}_${r.state}`)) key = `${key}_${r.state}`;
    if (!knows(key)) return [];
    return [make("li", { "data-state": r.state, "data-reason": r.code }, say(key, {
      have: r.have ?? 0, of: r.of ?? 0, need: r.need ?? 0, more: r.more ?? 0, at: c.reachedAt ? this.time(c.reachedAt) : "",
    }))];
  }
}
