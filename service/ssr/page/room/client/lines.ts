// The list of a chat: messages in the order of their numbers, without a gap. The page holds a window of them; older ones are
// asked for, and what comes is shown once a frame.
import { make, onFrame } from "./dom";
import { fill, type LineWays } from "./line";
import { Menu, type Action } from "./menu";
import type { ChatMessage, HistoryAnswer } from "./protocol";
import { find, say } from "./say";

const mostShown = 500; // while one reads the newest
const mostEver = 1000; // while one reads older ones
const page = 100;

export interface ListWays extends Omit<LineWays, "jump"> {
  history(after: number, limit: number): Promise<HistoryAnswer>;
  actions(m: ChatMessage): Action[];
  /** arrived is told what is new, after it is on the page. */
  arrived?(messages: ChatMessage[]): void;
}

export class Lines {
  private readonly list: HTMLElement;
  private readonly scroll: HTMLElement;
  private readonly newer: HTMLElement;
  private readonly older: HTMLElement;
  private readonly empty: HTMLElement;
  private readonly known = new Map<number, { message: ChatMessage; line: HTMLElement }>();
  private readonly early = new Map<number, ChatMessage>(); // arrived before one with a smaller number, or before the next frame
  private readonly changed = new Map<number, ChatMessage>(); // changed before it arrived
  private readonly menu = new Menu(() => this.released());
  private readonly ways: ListWays & LineWays;
  private last = 0;
  private target = 0;
  private stick = true;
  private held = 0; // where the list stood when the menu was opened
  private unseen = 0;
  private fetching = false;

  constructor(root: ParentNode, ways: ListWays) {
    this.ways = { ...ways, jump: (s) => void this.jump(s) };
    this.list = find(root, "[data-chat]");
    this.scroll = find(root, "[data-chat-scroll]");
    this.newer = find(root, "[data-chat-new]");
    this.older = find(root, "[data-chat-earlier]");
    this.empty = find(root, "[data-chat-empty]");
    this.newer.onclick = () => this.toEnd();
    this.older.onclick = () => void this.earlier();
    this.scroll.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.list.addEventListener("click", (e) => this.clicked(e));
  }

  lastSequence(): number { return this.last; }
  get(sequence: number): ChatMessage | undefined { return this.known.get(sequence)?.message; }

  /** joined takes what came while the page was away, and asks for the rest. */
  joined(messages: ChatMessage[], lastSequence: number): void {
    if (this.last === 0 && messages[0]) this.last = messages[0].sequence - 1; // older ones are loaded when they are wanted
    this.take(messages);
    this.spoken(lastSequence);
  }

  take(messages: ChatMessage[]): void {
    for (const m of messages) if (m.sequence > this.last) this.early.set(m.sequence, this.changed.get(m.sequence) ?? m);
    if (this.early.size > 0) onFrame(this.flush);
  }

  /** spoken fetches what a push should have brought. */
  spoken(sequence: number): void {
    this.target = Math.max(this.target, sequence);
    if (this.target > this.last) onFrame(this.flush);
  }

  /** update shows messages as they are now. */
  update(messages: ChatMessage[]): void {
    for (const m of messages) {
      const k = this.known.get(m.sequence);
      if (k) { k.message = m; this.redraw(m.sequence); } else if (m.sequence > this.last) this.changed.set(m.sequence, m);
      if (this.early.has(m.sequence)) this.early.set(m.sequence, m);
    }
  }

  redraw(sequence: number): void {
    const k = this.known.get(sequence);
    if (k) fill(k.line, k.message, this.ways);
    if (this.stick) onFrame(this.follow);
  }

  toEnd(): void {
    this.stick = true;
    this.trim();
    this.follow();
  }

  /** follow keeps the newest in sight; also after the list was hidden. Who chooses in a menu keeps its message where it is. */
  readonly follow = (): void => {
    if (!this.stick || this.menu.isOpen) return;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.unseen = 0;
    this.newer.hidden = true;
  };

  private readonly flush = (): void => {
    const fresh: ChatMessage[] = [];
    for (let next = this.early.get(this.last + 1); next; next = this.early.get(this.last + 1)) {
      this.early.delete(next.sequence);
      this.changed.delete(next.sequence);
      this.last = next.sequence;
      fresh.push(next);
    }
    if (fresh.length > 0) this.append(fresh);
    if (this.early.size > 0 || this.target > this.last) void this.fetch();
  };

  private append(fresh: ChatMessage[]): void {
    this.empty.hidden = true;
    this.list.append(...fresh.slice(-mostShown).map((m) => this.line(m)));
    if (!this.menu.isOpen) this.trim();
    this.ways.arrived?.(fresh);
    if (this.stick && !this.menu.isOpen) { this.follow(); return; }
    this.unseen += fresh.length;
    this.newer.hidden = false;
    find(this.newer, "span").textContent = say("chat_new", { n: this.unseen });
  }

  private line(m: ChatMessage): HTMLElement {
    const line = make("li", { "data-sequence": m.sequence, tabindex: -1 });
    this.known.set(m.sequence, { message: m, line });
    fill(line, m, this.ways);
    return line;
  }

  /** trim forgets the oldest; reading them keeps them a while. */
  private trim(): void {
    while (this.list.childElementCount > (this.stick ? mostShown : mostEver)) {
      const oldest = this.list.firstElementChild as HTMLElement;
      this.known.delete(Number(oldest.dataset["sequence"]));
      oldest.remove();
    }
    this.older.hidden = this.first() <= 1;
  }

  private first(): number { return Number((this.list.firstElementChild as HTMLElement | null)?.dataset["sequence"] ?? 0); }

  /** fetch closes a gap. After a long absence it goes on with the newest; what lies between is loaded when it is wanted. */
  private async fetch(): Promise<void> {
    if (this.fetching) return;
    this.fetching = true;
    if (this.target - this.last > mostShown) this.skip(this.target - page);
    const answer = await this.ways.history(this.last, page).catch(() => null); // the next message, beat or joining tries anew
    this.fetching = false;
    if (!answer) return;
    this.target = Math.max(this.target, answer.lastSequence ?? 0);
    if (answer.messages?.length) this.take(answer.messages);
  }

  private skip(to: number): void {
    this.list.replaceChildren();
    this.known.clear();
    this.early.clear();
    this.last = to;
  }

  /** earlier loads those before the first, and leaves in sight what is in sight. */
  private async earlier(): Promise<void> {
    const first = this.first();
    if (first <= 1) return;
    const after = Math.max(0, first - 1 - page);
    const answer = await this.ways.history(after, first - 1 - after).catch(() => null);
    if (!answer?.messages || this.first() !== first) return;
    const anchor = this.list.firstElementChild;
    const before = anchor?.getBoundingClientRect().top ?? 0;
    this.stick = false;
    this.list.prepend(...answer.messages.filter((m) => m.sequence < first).map((m) => this.line(m)));
    if (anchor) this.scroll.scrollTop += anchor.getBoundingClientRect().top - before;
    this.older.hidden = this.first() <= 1;
  }

  private async jump(sequence: number): Promise<void> {
    for (let pages = 0; pages < 10 && sequence < this.first(); pages++) await this.earlier();
    const line = this.known.get(sequence)?.line;
    if (!line) return;
    line.scrollIntoView({ block: "center" });
    line.focus({ preventScroll: true });
    line.toggleAttribute("data-found", true);
    setTimeout(() => line.removeAttribute("data-found"), 2500);
  }

  private scrolled(): void {
    if (this.scroll.clientHeight === 0 || this.menu.isOpen) return; // hidden, or held
    this.stick = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 60;
    if (this.stick) { this.unseen = 0; this.newer.hidden = true; }
  }

  private clicked(e: MouseEvent): void {
    const more = (e.target as Element).closest<HTMLElement>("[data-act=more]");
    const m = this.get(Number(more?.closest<HTMLElement>("li")?.dataset["sequence"]));
    if (!m) return;
    const button = (): HTMLElement | null => this.known.get(m.sequence)?.line.querySelector("[data-act=more]") ?? null;
    this.held = this.scroll.scrollTop;
    this.menu.open(button, say("more", { name: m.name }), this.ways.actions(m));
  }

  /** released goes on from where the list was held: at its end, unless one has scrolled away from it. */
  private released(): void {
    if (this.scroll.scrollTop === this.held) this.follow(); else this.scrolled();
  }
}
