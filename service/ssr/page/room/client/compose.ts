// The field of the chat: writing, answering, correcting; and why one cannot write just now. What was typed stays.
import { write } from "./dom";
import { keep, keepField } from "./keep";
import { mutedWhy } from "./mute";
import type { ChatMessage, Muted, Settings } from "./protocol";
import { clock, find, say, trouble } from "./say";
import type { RefusedError } from "./wire";

export interface ComposeWays {
  send(body: string, replyTo: number): void;
  edit(m: ChatMessage, body: string): Promise<unknown>;
}

type Mode = { kind: "reply" | "edit"; message: ChatMessage } | null;

export class Composer {
  host = false;
  private readonly form: HTMLFormElement;
  private readonly field: HTMLTextAreaElement;
  private readonly submit: HTMLButtonElement;
  private readonly error: HTMLElement;
  private readonly why: HTMLElement;
  private readonly bar: HTMLElement;
  private readonly key: string;
  private readonly time = clock(document.querySelector<HTMLElement>("[data-zone]")?.dataset["zone"] ?? "UTC");
  private mode: Mode = null;
  private set: Settings = {};
  private mute: Muted | undefined;
  private freeAt = 0;
  private closed = false;
  private aside = ""; // what was being written before a correction

  constructor(root: ParentNode, webinar: string, private readonly ways: ComposeWays) {
    this.form = find<HTMLFormElement>(root, "[data-chat-form]");
    this.field = find(root, "#chat-text");
    this.submit = find(this.form, "button[type=submit]");
    this.error = find(root, "[data-chat-error]");
    this.why = find(root, "[data-chat-why]");
    this.bar = find(root, "[data-chat-mode]");
    this.key = `draft:${webinar}`;
    keepField(this.field, this.key);
    this.form.onsubmit = (e) => { e.preventDefault(); void this.go(); };
    this.field.addEventListener("keydown", (e) => this.pressed(e));
    find(this.bar, "[data-chat-cancel]").onclick = () => this.cancel();
    setInterval(() => this.state(), 1000);
  }

  settings(s: Settings): void { this.set = s; this.state(); }
  muted(m: Muted | undefined): void { this.mute = m; this.state(); }
  sent(): void { this.freeAt = Date.now() + (this.set.slowSeconds ?? 0) * 1000; this.state(); }

  /** close is for good: a field in which nothing stands goes, what was typed can still be read and copied. */
  close(): void {
    this.closed = true;
    this.form.toggleAttribute("data-empty", this.field.value === "");
    this.state();
  }

  reply(m: ChatMessage): void { this.begin({ kind: "reply", message: m }); }

  edit(m: ChatMessage): void {
    this.aside = this.field.value;
    this.field.value = m.body ?? "";
    this.begin({ kind: "edit", message: m });
  }

  /** back gives a text that was not sent to who wrote it. */
  back(body: string): void {
    this.fillIn([body, this.field.value].filter(Boolean).join("\n"));
    this.field.focus();
  }

  fail(code: string): void {
    this.error.textContent = trouble(code);
    this.error.hidden = false;
  }

  private begin(mode: Mode): void {
    this.mode = mode;
    this.bar.hidden = mode === null;
    this.error.hidden = true;
    if (mode) {
      find(this.bar, "[data-chat-mode-title]").textContent = say(`mode_${mode.kind}`, { name: mode.message.name });
      find(this.bar, "[data-chat-mode-body]").textContent = mode.message.body ?? "";
    }
    this.field.focus();
    this.state();
  }

  private cancel(): void {
    if (this.mode?.kind === "edit") this.fillIn(this.aside);
    this.aside = "";
    this.begin(null);
  }

  private pressed(e: KeyboardEvent): void {
    if (e.key === "Escape" && this.mode) { e.stopPropagation(); this.cancel(); }
    if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
    e.preventDefault();
    this.form.requestSubmit();
  }

  private async go(): Promise<void> {
    const body = this.field.value.trim();
    const why = this.reason();
    if (why) { this.state(); return; }
    if (!body) { this.fail("chat.empty"); this.field.focus(); return; }
    if ([...body].length > 500) { this.fail("chat.too_long"); this.field.focus(); return; }
    this.error.hidden = true;
    if (this.mode?.kind === "edit") { await this.correct(this.mode.message, body); return; }
    const to = this.mode?.message.sequence ?? 0;
    this.fillIn("");
    this.begin(null);
    this.ways.send(body, to);
  }

  private async correct(m: ChatMessage, body: string): Promise<void> {
    try {
      await this.ways.edit(m, body);
      this.cancel();
    } catch (e) { this.fail((e as RefusedError).code); }
  }

  private fillIn(text: string): void {
    this.field.value = text;
    keep(this.key, text);
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** reason is why one cannot write now. */
  private reason(): string {
    if (this.closed) return say("chat_over");
    const muted = mutedWhy(this.mute, this.time);
    if (muted || this.host) return muted;
    if (this.set.chatClosed) return say("chat_closed");
    const wait = Math.ceil((this.freeAt - Date.now()) / 1000);
    return wait > 0 && this.set.slowSeconds && this.mode?.kind !== "edit" ? say("slow_wait", { n: wait }) : "";
  }

  private state(): void {
    const why = this.reason();
    this.submit.disabled = why !== "";
    const text = why || (this.set.slowSeconds && !this.host ? say("slow", { n: this.set.slowSeconds }) : "");
    this.why.hidden = text === "";
    write(this.why, text);
  }
}
