// How the room has been, minute by minute: a line for the eye, and the same figures as a table.
import { make, write } from "../../room/client/dom";
import { find, say } from "../../room/client/say";
import type { Desk } from "./desk";

interface Sample { at: string; viewers?: number; checks?: number; answered?: number }
interface Incident { from: string; to?: string; reason: string }
interface Pulse { samples?: Sample[]; incidents?: Incident[] }

const again = 20_000;
const mostRows = 720; // of a webinar of twelve hours
const width = 320;
const height = 80;

export class Numbers {
  /** present is how many are in the room now. */
  present = 0;

  constructor(private readonly root: HTMLElement, private readonly desk: Desk, private readonly visible: () => boolean) {
    setInterval(() => { if (this.visible()) void this.ask(); }, again);
  }

  async ask(): Promise<void> {
    const pulse = await this.desk.connection.call<Pulse>("host.pulse").catch(() => null);
    if (!pulse) return; // asked again in a moment
    const samples = (pulse.samples ?? []).slice(-mostRows);
    find(this.root, "[data-numbers-none]").hidden = samples.length > 0;
    find(this.root, "[data-numbers]").hidden = samples.length === 0;
    this.figures(samples);
    find(this.root, "[data-spark]").replaceChildren(this.spark(samples));
    find(this.root, "[data-samples]").replaceChildren(...samples.toReversed().map((s) => make("tr", {},
      make("th", { scope: "row" }, this.desk.at(s.at)), make("td", { class: "number" }, String(s.viewers ?? 0)),
      make("td", { class: "number" }, s.checks ? say("of", { n: s.answered ?? 0, of: s.checks }) : "–"))));
    this.incidents(pulse.incidents ?? []);
  }

  private figures(samples: Sample[]): void {
    const sum = (of: (s: Sample) => number): number => samples.reduce((n, s) => n + of(s), 0);
    const [checks, answered] = [sum((s) => s.checks ?? 0), sum((s) => s.answered ?? 0)];
    const set = (name: string, text: string): void => write(find(this.root, `[data-figure="${name}"]`), text);
    set("present", String(this.present));
    set("most", String(Math.max(this.present, ...samples.map((s) => s.viewers ?? 0))));
    find(this.root, '[data-figure="answered"]').replaceChildren(checks ? `${Math.round((answered * 100) / checks)} %` : "–",
      make("small", {}, checks ? say("of", { n: answered, of: checks }) : say("no_checks")));
  }

  /** spark draws the number of people over time. */
  private spark(samples: Sample[]): SVGElement {
    const top = Math.max(1, ...samples.map((s) => s.viewers ?? 0));
    const x = (i: number): number => samples.length > 1 ? (i * width) / (samples.length - 1) : width / 2;
    const y = (n: number): number => height - 4 - (n * (height - 8)) / top;
    const points = samples.map((s, i) => `${x(i).toFixed(1)} ${y(s.viewers ?? 0).toFixed(1)}`);
    const svg = draw("svg", { class: "chart console-spark", viewBox: `0 0 ${width} ${height}`, role: "img", preserveAspectRatio: "none",
      "aria-label": say("spark", { most: top, minutes: samples.length, now: samples.at(-1)?.viewers ?? 0 }) });
    svg.append(draw("line", { class: "grid", x1: 0, x2: width, y1: y(0), y2: y(0) }));
    if (points.length > 1) {
      svg.append(draw("path", { class: "console-area", d: `M0 ${y(0)}L${points.join("L")}L${width} ${y(0)}Z` }),
        draw("path", { class: "line s1", d: `M${points.join("L")}`, "vector-effect": "non-scaling-stroke" }));
    } else if (points.length === 1) svg.append(draw("circle", { cx: width / 2, cy: y(samples[0]?.viewers ?? 0), r: 3, class: "bar s1" }));
    return svg;
  }

  private incidents(all: Incident[]): void {
    find(this.root, "[data-incidents-none]").hidden = all.length > 0;
    find(this.root, "[data-incidents]").replaceChildren(...all.slice(-50).map((i) => make("li", {},
      make("p", {}, make("strong", {}, say(`incident_${i.reason}`))),
      make("p", { class: "quiet" }, i.to ? `${this.desk.at(i.from)} – ${this.desk.at(i.to)}` : say("since", { at: this.desk.at(i.from) })))));
  }
}

function draw(name: string, attributes: Record<string, string | number>): SVGElement {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, String(value));
  return e;
}
