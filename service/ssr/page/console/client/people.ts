// Who is in the room, whose hand is up, and whom a host has muted or shown out.
import { arrange, button, drawn, make, write } from "../../room/client/dom";
import { Menu } from "../../room/client/menu";
import type { Hand, Sanction } from "../../room/client/protocol";
import { find, say } from "../../room/client/say";
import type { Desk } from "./desk";
import { actionsOnPerson, readmit } from "./moderate";

interface Viewer {
  accountId: string; name: string; host?: boolean; devices?: number; player?: string;
  watchedSeconds?: number; checksAnswered?: number; checksMissed?: number;
}
interface Page { viewers?: Viewer[]; total?: number; next?: string }

const onPage = 50;
const mostPages = 4; // who is further down is found by name
const mostHands = 50;
const mostSanctions = 100;
const again = 10_000;

export class People {
  private readonly list: HTMLElement;
  private readonly search: HTMLInputElement;
  private readonly more: HTMLElement;
  private readonly menu = new Menu();
  private readonly lines = new Map<string, { line: HTMLElement; like: string }>();
  private pages = 1;
  private asked = 0;
  private soon = 0;

  /** visible tells whether somebody looks; who does not look is asked nothing. */
  constructor(private readonly root: HTMLElement, private readonly desk: Desk, private readonly visible: () => boolean) {
    this.list = find(root, "[data-people]");
    this.search = find(root, "#people-search");
    this.more = find(root, "[data-people-more]");
    this.more.onclick = () => { this.pages++; void this.ask(); };
    this.search.oninput = () => {
      clearTimeout(this.soon);
      this.soon = window.setTimeout(() => { this.pages = 1; void this.ask(); }, 250);
    };
    setInterval(() => { if (this.visible()) void this.ask(); }, again);
  }

  async ask(): Promise<void> {
    const mine = ++this.asked;
    const all = new Map<string, Viewer>();
    let after = "", total = 0;
    for (let page = 0; page < this.pages; page++) {
      const answer = await this.desk.connection.call<Page>("host.viewers", { search: this.search.value.trim(), after, limit: onPage }).catch(() => null);
      if (mine !== this.asked || !answer) return; // asked anew, or asked again in a moment
      for (const v of answer.viewers ?? []) all.set(v.accountId, v);
      total = answer.total ?? 0;
      after = answer.next ?? "";
      if (!after) break;
    }
    write(find(this.root, "[data-people-count]"), say("people_count", { n: total }));
    find(this.root, "[data-people-none]").hidden = all.size > 0;
    this.more.hidden = !after || this.pages >= mostPages;
    for (const id of this.lines.keys()) if (!all.has(id)) this.lines.delete(id);
    arrange(this.list, [...all.values()].map((v) => this.line(v)));
  }

  /** show is for what the board says of people. */
  show(): number {
    this.sanctions();
    return this.hands();
  }

  private line(v: Viewer): HTMLElement {
    const sanction = this.desk.connection.board.sanctions.get(v.accountId);
    const like = JSON.stringify([v, sanction?.kind]);
    const known = this.lines.get(v.accountId);
    if (known?.like === like) return known.line;
    const line = make("li", { class: "console-person", "data-person": v.accountId },
      make("div", { class: "min-w-0 grow" },
        make("p", { class: "flex flex-wrap items-center gap-x-2" }, make("strong", {}, v.name),
          v.host ? make("span", { class: "tag" }, say("host")) : null,
          sanction?.kind === "muted" ? make("span", { class: "tag", "data-tone": "needs" }, say("is_muted")) : null),
        make("p", { class: "quiet" }, facts(v))),
      v.host ? null : this.button(v));
    const had = known?.line.contains(document.activeElement);
    known?.line.replaceWith(line);
    this.lines.set(v.accountId, { line, like });
    if (had) line.querySelector("button")?.focus();
    return line;
  }

  private button(v: Viewer): HTMLElement {
    const b = make("button", { type: "button", class: "btn btn-plain btn-small", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": say("more", { name: v.name }) },
      drawn("more-horizontal"));
    const again = (): HTMLElement | null => this.lines.get(v.accountId)?.line.querySelector("[aria-haspopup]") ?? null;
    b.onclick = () => this.menu.open(again, say("more", { name: v.name }), actionsOnPerson(this.desk, { accountId: v.accountId }, v.name));
    return b;
  }

  private sanctions(): void {
    const all = [...this.desk.connection.board.sanctions.values()].sort((a, b) => (b.at ?? "").localeCompare(a.at ?? ""));
    find(this.root, "[data-sanctions-none]").hidden = all.length > 0;
    find(this.root, "[data-sanctions]").replaceChildren(...all.slice(0, mostSanctions).map((s) => this.sanction(s)));
  }

  private sanction(s: Sanction): HTMLElement {
    const kind = s.kind ?? "muted";
    const lift = button(say(`lift_${kind}`), "undo-2", () => void readmit(this.desk, s.accountId, kind));
    lift.setAttribute("aria-label", say(`lift_${kind}_of`, { name: s.name }));
    return make("li", { class: "console-person", "data-sanction": s.kind },
      make("div", { class: "min-w-0 grow" },
        make("p", { class: "flex flex-wrap items-center gap-x-2" }, make("strong", {}, s.name), make("span", { class: "tag", "data-tone": kind === "removed" ? "bad" : "needs" }, say(`is_${kind}`))),
        make("p", { class: "lines" }, s.reason ?? ""),
        make("p", { class: "quiet" }, say(s.until ? "sanction_until" : "sanction_by",
          { by: s.by ?? "", at: s.at ? this.desk.at(s.at) : "", until: s.until ? this.desk.at(s.until) : "" }))),
      lift);
  }

  /** hands gives how many are up, the longest first. */
  private hands(): number {
    const all = [...this.desk.connection.board.hands.values()].sort((a, b) => (a.raisedAt ?? "").localeCompare(b.raisedAt ?? ""));
    find(this.root, "[data-hands-none]").hidden = all.length > 0;
    write(find(this.root, "[data-hands-count]"), all.length ? say("hands_up", { n: all.length }) : "");
    const lowerAll = find<HTMLButtonElement>(this.root, "[data-hands-lower]");
    lowerAll.hidden = all.length < 2;
    lowerAll.onclick = () => void this.desk.act("hand.lower", {});
    const list = find(this.root, "[data-hands]");
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...all.slice(0, mostHands).map((h) => this.hand(h)));
    if (focused) (list.querySelector<HTMLElement>("button") ?? list.closest<HTMLElement>("section"))?.focus();
    return all.length;
  }

  private hand(h: Hand): HTMLElement {
    const lower = button(say("lower"), "check", () => void this.desk.act("hand.lower", { accountId: h.accountId }));
    lower.setAttribute("aria-label", say("lower_of", { name: h.name }));
    return make("li", { class: "console-person", "data-hand": h.accountId },
      make("p", { class: "grow min-w-0" }, drawn("hand"), " ", make("strong", {}, h.name), " ",
        h.raisedAt ? make("span", { class: "quiet" }, say("since", { at: this.desk.at(h.raisedAt) })) : null),
      lower);
  }
}

function facts(v: Viewer): string {
  const parts = [say(`player_${v.player || "paused"}`), say("watched_minutes", { n: Math.floor((v.watchedSeconds ?? 0) / 60) })];
  const of = (v.checksAnswered ?? 0) + (v.checksMissed ?? 0);
  if (of > 0) parts.push(say("checks_of", { n: v.checksAnswered ?? 0, of }));
  if ((v.devices ?? 1) > 1) parts.push(say("devices", { n: v.devices ?? 1 }));
  return parts.join(" · ");
}
