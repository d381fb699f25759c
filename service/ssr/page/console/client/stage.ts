// What the webinar is doing now and for how long, what it consisted of so far, and the announcement above everything.
import { make, write } from "../../room/client/dom";
import { now } from "../../room/client/now";
import type { Segment } from "../../room/client/protocol";
import { find, say } from "../../room/client/say";
import type { Desk } from "./desk";

const announcementLimit = 300;

export class Stage {
  /** opened is when the room was; before the first segment everything since then was talk. */
  opened = "";
  private readonly names: HTMLElement;
  private readonly loaded = Date.now();

  constructor(private readonly root: HTMLElement, private readonly desk: Desk) {
    this.names = find(root, "[data-segment]");
    for (const b of root.querySelectorAll<HTMLElement>("[data-segment-to]")) {
      b.onclick = () => void this.change(b.dataset["segmentTo"] as Segment["kind"]);
    }
    find(root, "[data-announce]").onclick = () => void this.announce();
    find(root, "[data-unannounce]").onclick = () => void this.unannounce();
    setInterval(() => this.tick(), 1000);
  }

  show(): void {
    const { board } = this.desk.connection;
    const kind = board.now();
    const state = this.root.dataset["state"];
    const live = state === "live";
    const still = state === "ended" ? "all_over" : "not_yet";
    this.names.dataset["segment"] = live ? kind : "";
    write(find(this.root, "[data-segment-name]"), say(live ? `segment_${kind}` : still));
    write(find(this.root, "[data-segment-means]"), say(live ? `segment_means_${kind}` : `${still}_means`));
    for (const b of this.root.querySelectorAll<HTMLElement>("[data-segment-to]")) b.setAttribute("aria-pressed", String(b.dataset["segmentTo"] === kind));
    this.programme();
    const text = board.settings.announcement ?? "";
    const quote = find(this.root, "[data-announcement]");
    write(quote, text);
    quote.hidden = !text;
    find(this.root, "[data-announcement-none]").hidden = Boolean(text);
    find(this.root, "[data-unannounce]").hidden = !text;
    write(find(this.root, "[data-announce]"), say(text ? "announce_change" : "announce"));
    this.tick();
  }

  /** segments are those of the programme, with the talk before the first. */
  private segments(): Segment[] {
    const told = this.desk.connection.board.programme;
    const first = told[0];
    if (!this.opened) return told;
    if (!first) return [{ kind: "talk", from: this.opened }];
    return Date.parse(first.from) - Date.parse(this.opened) > 1000 ? [{ kind: "talk", from: this.opened, to: first.from }, ...told] : told;
  }

  private programme(): void {
    find(this.root, "[data-programme]").replaceChildren(...this.segments().map((s) => make("li", { class: "flex flex-wrap justify-between gap-x-4", "data-kind": s.kind },
      make("span", {}, make("strong", {}, say(`segment_${s.kind}`)), " ", make("span", { class: "quiet" }, say(`segment_credit_${s.kind}`))),
      make("span", { class: "number" }, s.to ? `${this.desk.at(s.from)} – ${this.desk.at(s.to)}` : say("since", { at: this.desk.at(s.from) })))));
  }

  /** offer shows the button that begins the webinar as soon as it may. */
  private offer(): void {
    const place = find(this.root, "[data-begin]");
    const early = Date.now() - this.loaded < Number(place.dataset["begin"]);
    find(place, "[data-opens]").hidden = early;
    find(place, "[data-begin-later]").hidden = !early;
  }

  private tick(): void {
    if (this.root.dataset["state"] === "planned") this.offer();
    if (this.root.dataset["state"] !== "live" || !this.opened) return;
    const segments = this.segments();
    const at = now();
    const since = Date.parse(segments.at(-1)?.from ?? this.opened);
    write(find(this.root, "[data-segment-clock]"), duration(at - since));
    write(find(this.root, "[data-running]"), say("running", { time: duration(at - Date.parse(this.opened)) }));
    const credited = segments.filter((s) => s.kind === "talk")
      .reduce((sum, s) => sum + (s.to ? Date.parse(s.to) : at) - Date.parse(s.from), 0);
    write(find(this.root, "[data-credited]"), say("credited", { n: Math.floor(Math.max(0, credited) / 60_000) }));
  }

  private async change(kind: Segment["kind"]): Promise<void> {
    const before = this.desk.connection.board.now();
    if (kind === before) return;
    const sure = await this.desk.ask.open({ title: say(`segment_title_${kind}`), text: say(`segment_text_${kind}`), yes: say(`segment_yes_${kind}`) });
    if (sure) await this.desk.act("host.segment", { kind }, say(`segment_done_${kind}`), () => void this.desk.act("host.segment", { kind: before }));
  }

  private async announce(): Promise<void> {
    const answer = await this.desk.ask.open({
      title: say("announce_title"), yes: say("announce_yes"),
      words: { label: say("announce_label"), hint: say("announce_hint"), limit: announcementLimit, value: this.desk.connection.board.settings.announcement ?? "" },
    });
    if (answer) await this.desk.act("host.announce", { text: answer.words }, say("announced"));
  }

  private async unannounce(): Promise<void> {
    const text = this.desk.connection.board.settings.announcement ?? "";
    await this.desk.act("host.announce", { text: "" }, say("unannounced"), () => void this.desk.act("host.announce", { text }));
  }
}

/** duration is a time as a clock shows it. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const [h, m] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)];
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}
