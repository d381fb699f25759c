// The chat with what a host may do to each message, how fast it may go, and the notes that hosts write behind the stage.
import { Chat } from "../../room/client/chat";
import { make, write } from "../../room/client/dom";
import { askOfPatients } from "../../room/client/patient";
import type { Note } from "../../room/client/protocol";
import { find, say, trouble } from "../../room/client/say";
import type { RefusedError } from "../../room/client/wire";
import type { Desk } from "./desk";
import { actionsOn } from "./moderate";

const mostNotes = 200;

export class Talk {
  readonly chat: Chat;
  private readonly slow: HTMLSelectElement;
  private readonly closed: HTMLInputElement;

  constructor(root: HTMLElement, private readonly desk: Desk, arrived: (n: number) => void) {
    this.chat = new Chat(root, {
      webinar: root.dataset["console"] ?? "", time: desk.at, connection: () => desk.connection, announcer: desk.said,
      more: (m, own) => actionsOn(desk, m, own), arrived: (all) => arrived(all.length),
    });
    askOfPatients(find<HTMLTextAreaElement>(root, "#chat-text"));
    this.slow = find(root, "#chat-slow");
    this.closed = find(root, "#chat-closed");
    this.slow.onchange = () => void this.set();
    this.closed.onchange = () => void this.set();
  }

  show(): void {
    const { settings } = this.desk.connection.board;
    this.chat.settings(settings);
    const slow = String(settings.slowSeconds ?? 0);
    if (![...this.slow.options].some((o) => o.value === slow)) this.slow.append(make("option", { value: slow }, say("slow_other", { n: slow })));
    this.slow.value = slow;
    this.closed.checked = settings.chatClosed ?? false;
  }

  private async set(): Promise<void> {
    const { settings } = this.desk.connection.board;
    const before = { slowSeconds: settings.slowSeconds ?? 0, closed: settings.chatClosed ?? false };
    const done = await this.desk.act("host.chat", { slowSeconds: Number(this.slow.value), closed: this.closed.checked }, say("chat_set"),
      () => void this.desk.act("host.chat", before));
    if (!done) this.show();
  }
}

export class Backstage {
  private readonly list: HTMLElement;
  private readonly scroll: HTMLElement;
  private last = 0;

  constructor(private readonly root: HTMLElement, private readonly desk: Desk) {
    this.list = find(root, "[data-notes]");
    this.scroll = find(root, "[data-notes-scroll]");
    this.wire();
  }

  /** show gives how many notes are new. */
  show(): number {
    const fresh = [...this.desk.connection.board.notes.values()].filter((n) => n.number > this.last).sort((a, b) => a.number - b.number);
    if (fresh.length === 0) return 0;
    this.last = fresh.at(-1)?.number ?? this.last;
    const end = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 60;
    this.list.append(...fresh.slice(-mostNotes).map((n) => this.line(n)));
    while (this.list.childElementCount > mostNotes) this.list.firstElementChild?.remove();
    find(this.root, "[data-notes-none]").hidden = true;
    if (end) this.toEnd();
    return fresh.length;
  }

  /** wire lets the form send. What could not be sent stays in the field, with the reason above it. */
  private wire(): void {
    const input = find<HTMLInputElement>(this.root, "#note-text");
    const error = find(this.root, "[data-note-error]");
    let id = crypto.randomUUID();
    let sending = false;
    input.addEventListener("input", () => { id = crypto.randomUUID(); });
    find<HTMLFormElement>(this.root, "[data-note-form]").onsubmit = async (e) => {
      e.preventDefault();
      const body = input.value.trim();
      if (!body || sending) { input.focus(); return; }
      sending = true;
      const refused = await this.desk.connection.call("backstage.send", { id, body }).then(() => "", (e: unknown) => trouble((e as RefusedError).code));
      sending = false;
      write(error, refused);
      error.hidden = !refused;
      if (refused) { input.focus(); return; }
      if (input.value.trim() === body) input.value = "";
      id = crypto.randomUUID();
      this.toEnd();
    };
  }

  toEnd(): void { this.scroll.scrollTop = this.scroll.scrollHeight; }

  private line(n: Note): HTMLElement {
    return make("li", { "data-note": n.number },
      make("p", { class: "room-line" }, make("strong", {}, n.name), " ", make("time", { class: "quiet", datetime: n.sentAt }, this.desk.at(n.sentAt))),
      make("p", { class: "lines" }, n.body));
  }
}
