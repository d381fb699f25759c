// The sections of the console: on a phone one at a time, on a desk all of them but those of the side column, which share it.
import { find } from "../../room/client/say";

export class Tabs {
  constructor(private readonly root: HTMLElement, private readonly shown: (name: string) => void) {
    for (const b of root.querySelectorAll<HTMLElement>("[data-shows]")) b.onclick = () => this.show(b.dataset["shows"] ?? "");
    this.mark();
  }

  show(name: string): void {
    this.root.dataset["tab"] = name;
    if (this.ofSide(name)) this.root.dataset["side"] = name;
    this.mark();
    this.shown(name);
  }

  /** visible tells whether a section is on the screen. */
  visible(name: string): boolean {
    return document.visibilityState === "visible" && find(this.root, `#section-${name}`).checkVisibility();
  }

  /** count writes a number beside the name of a section. */
  count(name: string, n: number): void {
    for (const e of this.root.querySelectorAll<HTMLElement>(`[data-counts="${name}"]`)) {
      e.hidden = n === 0;
      e.textContent = n > 99 ? "99+" : String(n);
    }
  }

  private ofSide(name: string): boolean { return find(this.root, `#section-${name}`).hasAttribute("data-of-side"); }

  private mark(): void {
    const { tab = "", side = "" } = this.root.dataset;
    for (const s of this.root.querySelectorAll<HTMLElement>("[data-section]")) {
      s.toggleAttribute("data-shown", s.dataset["section"] === tab);
      s.toggleAttribute("data-beside", s.dataset["section"] === side);
    }
    for (const bar of this.root.querySelectorAll<HTMLElement>("[data-bar]")) {
      const now = bar.classList.contains("console-bar-side") ? side : tab;
      for (const b of bar.querySelectorAll<HTMLElement>("[data-shows]")) b.setAttribute("aria-pressed", String(b.dataset["shows"] === now));
    }
  }
}
