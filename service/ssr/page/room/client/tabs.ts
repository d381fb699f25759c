// The tabs of the panel: arrows go from one to the next, and each says how much is new behind it.
import { write } from "./dom";
import { find } from "./say";

export class Tabs {
  selected: string;
  private readonly tabs: HTMLElement[];
  private readonly counts = new Map<string, number>();

  constructor(private readonly root: ParentNode, private readonly shown: (name: string) => void) {
    this.tabs = [...root.querySelectorAll<HTMLElement>("[role=tab]")];
    this.selected = this.tabs[0]?.dataset["tab"] ?? "";
    for (const tab of this.tabs) {
      tab.onclick = () => this.select(tab.dataset["tab"] ?? "");
      tab.onkeydown = (e) => this.key(e, tab);
    }
  }

  select(name: string, focus = false): void {
    this.selected = name;
    for (const tab of this.tabs) {
      const on = tab.dataset["tab"] === name;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      find(this.root, `#${tab.getAttribute("aria-controls") ?? ""}`).hidden = !on;
      if (on && focus) tab.focus();
    }
    this.shown(name);
  }

  /** add counts what is new behind a tab that is not shown. */
  add(name: string, n: number): void {
    if (name !== this.selected) this.count(name, (this.counts.get(name) ?? 0) + n);
  }

  count(name: string, n: number): void {
    this.counts.set(name, n);
    const badge = find(this.root, `[data-tab="${name}"] [data-count]`);
    badge.hidden = n === 0;
    write(find(badge, "[data-n]"), n > 99 ? "99+" : String(n));
  }

  private key(e: KeyboardEvent, tab: HTMLElement): void {
    const at = this.tabs.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.tabs.length - 1 }[e.key];
    const next = to === undefined ? undefined : this.tabs.at(to % this.tabs.length);
    if (!next) return;
    e.preventDefault();
    this.select(next.dataset["tab"] ?? "", true);
  }
}
