// The page after the last word: what was reached when the webinar ended, or why a host showed one out.
import type { Credit } from "./protocol";
import { find, say } from "./say";
import type { Meter } from "./meter";

export class Farewell {
  constructor(private readonly root: HTMLElement, private readonly meter: Meter) {}

  ended(): void {
    this.root.dataset["over"] = "ended";
    this.show("ended");
  }

  removed(reason: string): void {
    this.root.dataset["over"] = "removed";
    const part = this.show("removed");
    const why = find(part, "[data-farewell-reason]");
    why.hidden = reason === "";
    why.textContent = say("removed_reason", { reason });
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
