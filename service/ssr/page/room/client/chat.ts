// The chat of a page: the list, the field below it, and what one can do with a message.
import type { Announcer } from "./announce";
import { Composer } from "./compose";
import { reactions } from "./line";
import { Lines } from "./lines";
import type { Action } from "./menu";
import { now } from "./now";
import { Outbox, type Unsent } from "./outbox";
import type { ChatMessage, HistoryAnswer, Joined, Mine, Settings } from "./protocol";
import { find, say, trouble } from "./say";
import type { Connection, RefusedError } from "./wire";

const editable = 10 * 60_000;

export interface ChatWays {
  webinar: string;
  time(iso: string): string;
  connection(): Connection;
  announcer: Announcer;
  /** more are the actions that only this page has, such as a host's; own tells whether the reader wrote the message. */
  more?(m: ChatMessage, own: boolean): Action[];
  /** arrived is told what others wrote. */
  arrived?(messages: ChatMessage[]): void;
}

export class Chat {
  readonly lines: Lines;
  private readonly composer: Composer;
  private readonly outbox: Outbox;
  private readonly own = new Set<number>();
  private readonly ownIDs = new Set<string>();
  private reacted = new Set<string>();
  private readonly whys = new Map<number, string>();
  private host = false;

  constructor(private readonly root: ParentNode, private readonly ways: ChatWays) {
    this.lines = new Lines(root, {
      time: ways.time, own: (m) => this.own.has(m.sequence), why: (m) => this.whys.get(m.sequence) ?? "",
      reacted: (s, kind) => this.reacted.has(`${s} ${kind}`),
      react: (m, kind, on) => void this.react(m, kind, on), actions: (m) => this.actions(m), arrived: (all) => this.arrived(all),
      history: (after, limit) => this.call<HistoryAnswer>("chat.history", { afterSequence: after, limit }),
    });
    this.composer = new Composer(root, ways.webinar, {
      send: (body, replyTo) => { this.outbox.add(body, replyTo); this.lines.toEnd(); },
      edit: (m, body) => this.call("chat.edit", { sequence: m.sequence, body }),
    });
    this.outbox = new Outbox(find(root, "[data-chat-pending]"), `unsent:${ways.webinar}`, {
      send: (u) => this.send(u), sent: (s) => this.sent(s), back: (u) => this.composer.back(u.body), changed: () => this.lines.follow(),
    });
  }

  lastSequence(): number { return this.lines.lastSequence(); }

  joined(j: Joined): void {
    this.host = j.host ?? false;
    this.composer.host = this.host;
    this.lines.joined(j.messages ?? [], j.lastSequence ?? 0);
    this.outbox.again();
  }

  settings(s: Settings): void { this.composer.settings(s); }

  mine(m: Mine): void {
    this.composer.muted(m.muted);
    const before = this.reacted;
    this.reacted = new Set((m.reactions ?? []).map((r) => `${r.sequence} ${r.kind}`));
    const changed = new Set([...before].concat([...this.reacted]).filter((k) => before.has(k) !== this.reacted.has(k)).map((k) => Number(k.split(" ")[0])));
    for (const s of m.messages ?? []) if (!this.own.has(s)) { this.own.add(s); changed.add(s); }
    for (const n of m.notices ?? []) {
      if (n.kind !== "message_deleted" || this.whys.has(n.number)) continue;
      this.whys.set(n.number, n.reason ?? "");
      changed.add(n.number);
    }
    for (const s of changed) this.lines.redraw(s);
  }

  close(): void { this.composer.close(); }

  private call<T>(method: string, request: object): Promise<T> { return this.ways.connection().call<T>(method, request); }

  private async send(u: Unsent): Promise<number> {
    this.ownIDs.add(u.id);
    const answer = await this.call<{ sequence: number }>("chat.send", { id: u.id, body: u.body, replyTo: u.replyTo });
    return answer.sequence;
  }

  private sent(sequence: number): void {
    this.composer.sent();
    this.own.add(sequence);
    this.lines.redraw(sequence);
    this.lines.spoken(sequence);
  }

  private arrived(messages: ChatMessage[]): void {
    for (const m of messages) {
      if (!this.ownIDs.has(m.id) || this.own.has(m.sequence)) continue;
      this.own.add(m.sequence);
      this.lines.redraw(m.sequence);
    }
    this.outbox.arrived(messages.map((m) => m.id));
    const others = messages.filter((m) => !this.own.has(m.sequence) && !m.deletedBy);
    if (others.length > 0) this.ways.arrived?.(others);
  }

  private actions(m: ChatMessage): Action[] {
    const kinds = reactions.map(([kind, icon]) => {
      const on = this.reacted.has(`${m.sequence} ${kind}`);
      return { label: say(`react_${kind}`), icon, on, run: () => void this.react(m, kind, !on) };
    });
    const all: Action[] = [{ label: say("reply"), icon: "reply", run: () => this.composer.reply(m) }, ...kinds];
    const own = this.own.has(m.sequence);
    if (own) {
      if (now() - Date.parse(m.sentAt) < editable) all.push({ label: say("edit"), icon: "pencil", run: () => this.composer.edit(m) });
      all.push({ label: say("delete"), icon: "trash-2", grave: true, run: () => this.remove(m) });
    }
    return all.concat(this.ways.more?.(m, own) ?? []);
  }

  private async react(m: ChatMessage, kind: string, on: boolean): Promise<void> {
    const key = `${m.sequence} ${kind}`;
    if (on) this.reacted.add(key); else this.reacted.delete(key);
    this.lines.redraw(m.sequence);
    try {
      await this.call("chat.react", { sequence: m.sequence, kind, on });
      this.ways.announcer.now(say(on ? "reacted" : "unreacted", { kind: say(`react_${kind}`) }));
    } catch (e) {
      if (on) this.reacted.delete(key); else this.reacted.add(key);
      this.lines.redraw(m.sequence);
      this.composer.fail((e as RefusedError).code);
    }
  }

  /** remove asks once: what is deleted stays deleted. */
  private remove(m: ChatMessage): void {
    const dialog = find<HTMLDialogElement>(this.root, "[data-chat-delete]");
    const error = find(dialog, "[data-delete-error]");
    find(dialog, "[data-delete-body]").textContent = m.body ?? "";
    error.hidden = true;
    find(dialog, "[data-delete-yes]").onclick = () => void this.call("chat.delete", { sequence: m.sequence }).then(() => dialog.close(), (e: unknown) => {
      error.textContent = trouble((e as RefusedError).code);
      error.hidden = false;
    });
    dialog.showModal();
  }
}
