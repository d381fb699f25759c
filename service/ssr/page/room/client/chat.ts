// The chat: messages in the order of their numbers, without a gap; what is being sent stands below until it has one.
import { find, knows, say } from "./say";
import { RefusedError, type ChatMessage, type Connection } from "./wire";

const mostShown = 300;

export class Chat {
  private readonly list: HTMLElement;
  private readonly scroll: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly error: HTMLElement;
  private readonly fresh: HTMLElement;
  private readonly time: Intl.DateTimeFormat;
  private readonly pending = new Map<string, { body: string; line: HTMLElement }>();
  private readonly early = new Map<number, ChatMessage>(); // arrived before one with a smaller number
  private fetching = false;
  private last = 0;

  constructor(root: ParentNode, zone: string, private readonly connection: () => Connection) {
    this.list = find(root, "[data-chat]");
    this.scroll = find(root, "[data-chat-scroll]");
    this.input = find(root, "#chat-text");
    this.error = find(root, "[data-chat-error]");
    this.fresh = find(root, "[data-chat-new]");
    this.time = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
    find<HTMLFormElement>(root, "[data-chat-form]").onsubmit = (e) => { e.preventDefault(); this.submit(); };
    this.fresh.onclick = () => this.toEnd();
    this.scroll.onscroll = () => { if (this.atEnd()) this.fresh.hidden = true; };
  }

  lastSequence(): number { return this.last; }

  /** joined takes what came while we were away, asks for more if there is more, and sends again what had no answer. */
  joined(messages: ChatMessage[], lastSequence: number): void {
    if (this.last === 0 && messages[0]) this.last = messages[0].sequence - 1; // older ones are not shown
    this.take(messages);
    if (this.last < lastSequence) void this.fetch();
    for (const [id, p] of this.pending) void this.send(id, p.body);
  }

  take(messages: ChatMessage[]): void {
    for (const m of messages) if (m.sequence > this.last) this.early.set(m.sequence, m);
    const stay = this.atEnd();
    for (let next = this.early.get(this.last + 1); next; next = this.early.get(this.last + 1)) {
      this.early.delete(next.sequence);
      this.last = next.sequence;
      this.show(next);
    }
    while (this.list.childElementCount > mostShown) this.list.firstElementChild?.remove();
    if (stay) this.toEnd(); else if (messages.length > 0) this.fresh.hidden = false;
    if (this.early.size > 0) void this.fetch();
  }

  close(): void {
    for (const e of this.list.ownerDocument.querySelectorAll<HTMLInputElement | HTMLButtonElement>("[data-chat-form] input, [data-chat-form] button")) e.disabled = true;
  }

  /** fetch closes a gap. */
  private async fetch(): Promise<void> {
    if (this.fetching) return;
    this.fetching = true;
    try {
      const page = await this.connection().call<{ messages?: ChatMessage[] }>("chat.history", { afterSequence: this.last });
      this.fetching = false;
      this.take(page.messages ?? []);
    } catch { this.fetching = false; } // the next message, or joining again, tries anew
  }

  private submit(): void {
    const body = this.input.value.trim();
    if (!body) { this.fail("chat.empty"); return; }
    this.error.hidden = true;
    const id = crypto.randomUUID();
    const line = this.line({ id, sequence: 0, name: say("you"), body, sentAt: new Date().toISOString() });
    line.dataset["pending"] = "";
    this.list.append(line);
    this.pending.set(id, { body, line });
    this.input.value = "";
    this.toEnd();
    void this.send(id, body);
  }

  private async send(id: string, body: string): Promise<void> {
    try {
      await this.connection().call("chat.send", { id, body });
    } catch (e) {
      const refused = e as RefusedError;
      const mine = refused.code.startsWith("chat.");
      if (!mine && refused.temporary) return; // sent again after coming back
      this.pending.get(id)?.line.remove();
      this.pending.delete(id);
      if (!this.input.value) this.input.value = body; // what was typed stays
      this.fail(refused.code);
    }
  }

  private fail(code: string): void {
    const key = `err_${code.replaceAll(".", "_")}`;
    this.error.textContent = say(knows(key) ? key : "err_other");
    this.error.hidden = false;
    this.input.focus();
  }

  private show(m: ChatMessage): void {
    this.pending.get(m.id)?.line.remove();
    this.pending.delete(m.id);
    const firstPending = this.list.querySelector("li[data-pending]");
    this.list.insertBefore(this.line(m), firstPending);
    this.list.ownerDocument.querySelector("[data-chat-empty]")?.remove();
  }

  private line(m: ChatMessage): HTMLElement {
    const li = document.createElement("li");
    if (m.sequence) li.dataset["sequence"] = String(m.sequence);
    const head = document.createElement("p");
    head.className = "room-line";
    const name = document.createElement("strong");
    name.textContent = m.name;
    head.append(name);
    if (m.host) head.append(Object.assign(document.createElement("span"), { className: "tag", textContent: say("host") }));
    const time = Object.assign(document.createElement("time"), { className: "quiet", dateTime: m.sentAt });
    time.textContent = m.sequence ? this.time.format(new Date(m.sentAt)) : say("sending");
    head.append(time);
    const body = Object.assign(document.createElement("p"), { className: "lines", textContent: m.body });
    li.append(head, body);
    return li;
  }

  private atEnd(): boolean { return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 60; }

  private toEnd(): void {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.fresh.hidden = true;
  }
}
