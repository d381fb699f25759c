// What the sections of the console share: the connection, one way to act, and what is said about it.
import type { Announcer } from "../../room/client/announce";
import { drawn, make } from "../../room/client/dom";
import type { Done } from "../../room/client/protocol";
import { say, trouble } from "../../room/client/say";
import type { Connection, RefusedError } from "../../room/client/wire";
import type { Ask } from "./ask";

const staysFor = 20_000; // long enough to read it and to reach its button; the next one takes its place

export class Desk {
  private leaving = 0;

  constructor(
    readonly connection: Connection, readonly at: (iso: string) => string, readonly said: Announcer, readonly ask: Ask,
    private readonly place: HTMLElement,
  ) {}

  /** act makes a call; what was refused is said. Null: it was. */
  async act<T = Done>(method: string, request: object, done = "", undo?: () => void): Promise<T | null> {
    try {
      const answer = await this.connection.call<T>(method, request);
      if (done) this.tell(done, undo);
      return answer;
    } catch (e) {
      this.tell(trouble((e as RefusedError).code), undefined, true);
      return null;
    }
  }

  /** tell shows a sentence for a while, with a way back where there is one. */
  tell(text: string, undo?: () => void, bad = false): void {
    const close = (): void => { clearTimeout(this.leaving); this.place.replaceChildren(); };
    const line = make("div", { class: "toast flex items-center gap-4", "data-toast": "", "data-bad": bad },
      drawn(bad ? "triangle-alert" : "circle-check"), make("p", { class: "grow" }, text));
    if (undo) {
      const back = make("button", { type: "button", class: "btn btn-small", "data-undo": "" }, drawn("undo-2"), say("undo"));
      back.onclick = () => { close(); undo(); };
      line.append(back);
    }
    const away = make("button", { type: "button", class: "btn btn-small" }, say("dismiss"));
    away.onclick = close;
    line.append(away);
    document.querySelector("body > .toast")?.remove(); // that of the page before stands in the same place
    this.place.replaceChildren(line);
    clearTimeout(this.leaving);
    this.leaving = window.setTimeout(close, staysFor);
  }
}
