// A menu of actions at a button: one element for the whole page, filled when it opens. Arrows, Home, End and Escape work in it.
// The list behind it goes on living: the button may be scrolled or drawn anew, so it is looked for whenever it is needed.
import { drawn, make } from "./dom";

export interface Action { label: string; icon: string; run(): void; /** Present: it can be on or off. */ on?: boolean; grave?: boolean }

export class Menu {
  private readonly panel = make("div", { popover: "auto", role: "menu", class: "room-menu" });
  private anchor: () => HTMLElement | null = () => null;

  /** closed is told when nobody chooses any more. */
  constructor(closed?: () => void) {
    (document.querySelector("main") ?? document.body).append(this.panel);
    this.panel.addEventListener("keydown", (e) => this.key(e));
    this.panel.addEventListener("toggle", (e) => {
      if ((e as ToggleEvent).newState !== "closed") return;
      const anchor = this.anchor();
      anchor?.setAttribute("aria-expanded", "false");
      if (this.panel.contains(document.activeElement) || document.activeElement === document.body) anchor?.focus({ preventScroll: true });
      closed?.();
    });
    addEventListener("scroll", () => { if (this.isOpen) this.follow(); }, { capture: true, passive: true });
  }

  get isOpen(): boolean { return this.panel.matches(":popover-open"); }

  open(anchor: () => HTMLElement | null, label: string, actions: Action[]): void {
    this.anchor = anchor;
    anchor()?.setAttribute("aria-expanded", "true");
    this.panel.setAttribute("aria-label", label);
    this.panel.replaceChildren(...actions.map((a) => this.item(a)));
    this.panel.showPopover();
    this.follow();
    this.items()[0]?.focus({ preventScroll: true });
  }

  private item(a: Action): HTMLElement {
    const role = a.on === undefined ? "menuitem" : "menuitemcheckbox";
    const b = make("button", { type: "button", role, tabindex: -1, "data-grave": a.grave, "aria-checked": a.on === undefined ? undefined : String(a.on) },
      drawn(a.icon), a.label);
    b.onclick = () => { this.panel.hidePopover(); a.run(); };
    return b;
  }

  /** follow stays at the button, until that is out of sight. */
  private follow(): void {
    const anchor = this.anchor();
    if (!anchor?.isConnected) return;
    const at = anchor.getBoundingClientRect();
    if (at.bottom < 0 || at.top > innerHeight) { this.panel.hidePopover(); return; }
    this.place(at);
  }

  private place(at: DOMRect): void {
    const { offsetWidth: width, offsetHeight: height } = this.panel;
    const below = at.bottom + 4 + height <= innerHeight;
    this.panel.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
    this.panel.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - 4 - height)}px`;
  }

  private key(e: KeyboardEvent): void {
    const items = this.items();
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[e.key];
    if (e.key === "Tab") this.panel.hidePopover();
    if (to === undefined) return;
    e.preventDefault();
    items.at(to % items.length)?.focus();
  }

  private items(): HTMLElement[] { return [...this.panel.querySelectorAll<HTMLElement>("button")]; }
}
