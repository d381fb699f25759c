// The page after the last word: what was reached when the webinar ended, or why a host showed one out. What the meter said last is
// a heartbeat old, so it is said until when it counted; what was frozen takes its place when it is known.
import type { Credit } from "./protocol";
import { find, say } from "./say";
import type { Meter } from "./meter";

const soonest = 2000; // before that nobody's credit is summed up
const perViewer = 10; // thousands leave at once: they ask one after the other
const latest = 60_000;
const tries = 12;

export class Farewell {
  constructor(private readonly root: HTMLElement, private readonly meter: Meter) {}

  ended(viewers: number): void {
    this.root.dataset["over"] = "ended";
    const part = this.show("ended");
    find(part, "[data-farewell-until]").textContent = this.meter.until ? say("farewell_until", { at: this.meter.until }) : "";
    this.askIn(soonest + Math.random() * (soonest + viewers * perViewer), tries);
  }

  removed(reason: string): void {
    this.root.dataset["over"] = "removed";
    const part = this.show("removed");
    const why = find(part, "[data-farewell-reason]");
    why.hidden = reason === "";
    why.textContent = say("removed_reason", { reason });
  }

  private askIn(after: number, left: number): void {
    if (left > 0) setTimeout(() => void this.ask(after, left), after);
  }

  /** ask fetches what was frozen, and asks again later while there is nothing. */
  private async ask(after: number, left: number): Promise<void> {
    const answer = await fetch(this.root.dataset["outcomeAt"] ?? "", { redirect: "error" }).catch(() => null);
    const page = answer?.status === 200 ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    const outcome = page?.querySelector("[data-outcome]");
    if (outcome) find(this.root, "[data-farewell-credit]").replaceChildren(document.importNode(outcome, true));
    else this.askIn(Math.min(latest, after * 1.5), left - 1);
  }

  private show(name: string): HTMLElement {
    const part = find(this.root, `[data-farewell=${name}]`);
    const c: Credit | null = this.meter.last;
    const sum = find(part, "[data-farewell-sum]");
    sum.hidden = c === null;
    sum.textContent = c ? this.meter.sum(c) : "";
    find(part, "[data-farewell-reasons]").replaceChildren(...(c ? this.meter.reasons(c) : []));
    part.hidden = false;
    part.focus();
    return part;
  }
}
