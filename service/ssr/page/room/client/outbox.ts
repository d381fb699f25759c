// Own messages that have no place in the room yet: being sent, or refused. They stand below the others and are kept until
// they arrive; a message has its id from the beginning, so sending it again never doubles it.
import { button, make, refill } from "./dom";
import { keep, kept } from "./keep";
import { say, trouble } from "./say";
import type { RefusedError } from "./wire";

export interface Unsent { id: string; body: string; replyTo: number; failed?: string }

export interface OutboxWays {
  send(u: Unsent): Promise<number>;
  /** sent tells the place that a message got. */
  sent(sequence: number): void;
  /** back gives a text back to where it was typed. */
  back(u: Unsent): void;
  changed(): void;
}

export class Outbox {
  private readonly waiting = new Map<string, { unsent: Unsent; line: HTMLElement; busy: boolean }>();

  constructor(private readonly list: HTMLElement, private readonly key: string, private readonly ways: OutboxWays) {
    for (const u of JSON.parse(kept(key) || "[]") as Unsent[]) this.show(u);
  }

  add(body: string, replyTo: number): void {
    const u = { id: crypto.randomUUID(), body, replyTo };
    this.show(u);
    void this.send(u);
  }

  /** arrived takes those out that stand in the list now. */
  arrived(ids: Iterable<string>): void {
    for (const id of ids) if (this.waiting.has(id)) this.remove(id);
  }

  has(id: string): boolean { return this.waiting.has(id); }

  /** again sends what had no answer, after coming back. */
  again(): void {
    for (const { unsent } of this.waiting.values()) if (!unsent.failed) void this.send(unsent);
  }

  private async send(u: Unsent): Promise<void> {
    const w = this.waiting.get(u.id);
    if (!w || w.busy) return;
    w.busy = true;
    delete u.failed;
    this.write(u);
    try {
      this.ways.sent(await this.ways.send(u));
    } catch (e) {
      const refused = e as RefusedError;
      // What has nothing to do with the message passes: it is sent again soon, or after coming back.
      const passes = refused.temporary && !refused.code.startsWith("chat.") || refused.code === "room.not_joined";
      if (passes) setTimeout(() => void this.send(u), 2000 + Math.random() * 2000);
      else u.failed = refused.code;
    }
    w.busy = false;
    if (u.failed) this.write(u);
  }

  private show(u: Unsent): void {
    const line = make("li", { "data-pending": u.id });
    this.waiting.set(u.id, { unsent: u, line, busy: false });
    this.write(u);
    this.list.append(line);
    this.ways.changed();
  }

  private write(u: Unsent): void {
    const line = this.waiting.get(u.id)?.line;
    if (!line) return;
    line.toggleAttribute("data-failed", Boolean(u.failed));
    const state = make("span", { class: u.failed ? "field-error" : "quiet" }, u.failed ? `${say("failed")} ${trouble(u.failed)}` : say("sending"));
    refill(line, make("p", { class: "room-line" }, make("strong", {}, say("you")), " ", state), make("p", { class: "lines" }, u.body),
      u.failed ? make("p", { class: "room-actions" },
        button(say("retry"), "refresh-cw", () => void this.send(u)),
        button(say("take_back"), "pencil", () => { this.remove(u.id); this.ways.back(u); })) : null);
    this.save();
  }

  private remove(id: string): void {
    this.waiting.get(id)?.line.remove();
    this.waiting.delete(id);
    this.save();
    this.ways.changed();
  }

  private save(): void {
    keep(this.key, this.waiting.size > 0 ? JSON.stringify([...this.waiting.values()].map((w) => w.unsent)) : "");
  }
}
