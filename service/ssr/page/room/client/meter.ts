// The credit meter: what the server computed a moment ago, in words.
import { find, knows, say } from "./say";
import type { Credit, Reason } from "./protocol";

export class Meter {
  private readonly panel: HTMLElement;
  private readonly time: Intl.DateTimeFormat;

  constructor(root: ParentNode, zone: string) {
    this.panel = find(root, "[data-meter-panel]");
    this.time = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
  }

  show(c: Credit): void {
    const watched = c.watchedSeconds ?? 0;
    this.panel.dataset["verdict"] = c.verdict;
    this.panel.dataset["seconds"] = String(watched);
    find(this.panel, "[data-meter-verdict]").textContent = say(`verdict_${c.verdict}`);
    find(this.panel, "[data-meter-watched]").textContent = say("watched", {
      min: Math.floor(watched / 60), sec: watched % 60, of: Math.round((c.creditableSeconds ?? 0) / 60), percent: c.percent ?? 0,
    });
    find<HTMLProgressElement>(this.panel, "[data-meter-bar]").value = c.percent ?? 0;
    const list = find(this.panel, "[data-meter-reasons]");
    list.replaceChildren(...(c.reasons ?? []).flatMap((r) => this.line(r, c)));
  }

  private line(r: Reason, c: Credit): HTMLElement[] {
    let key = `reason_${r.code}`;
    if (r.code === "checks" && !r.of) key = "reason_checks_none";
    else if (r.state && knows(`${key}_${r.state}`)) key = `${key}_${r.state}`;
    if (!knows(key)) return [];
    const li = document.createElement("li");
    if (r.state) li.dataset["state"] = r.state;
    li.textContent = say(key, {
      have: r.have ?? 0, of: r.of ?? 0, need: r.need ?? 0, more: r.more ?? 0,
      at: c.reachedAt ? this.time.format(new Date(c.reachedAt)) : "",
    });
    return [li];
  }
}
