// One chat message as it stands in the list: who, when, what it answers, what it says, what others felt about it.
import { button, drawn, make, refill } from "./dom";
import type { ChatMessage, Quote } from "./protocol";
import { knows, say } from "./say";

/** The kinds of reaction, in the order in which they are offered, with their icons. */
export const reactions: readonly (readonly [kind: string, icon: string])[] = [
  ["agree", "thumbs-up"], ["thanks", "heart-handshake"], ["applause", "party-popper"], ["funny", "laugh"], ["unsure", "circle-help"],
];

export interface LineWays {
  time(iso: string): string;
  own(m: ChatMessage): boolean;
  /** why a host deleted an own message; empty when it was not said. */
  why(m: ChatMessage): string;
  reacted(sequence: number, kind: string): boolean;
  /** react is absent where nobody can react. */
  react?: ((m: ChatMessage, kind: string, on: boolean) => void) | undefined;
  jump(sequence: number): void;
}

/** fill writes a message into its place in the list, also over what stood there. */
export function fill(li: HTMLElement, m: ChatMessage, ways: LineWays): void {
  li.toggleAttribute("data-own", ways.own(m));
  li.toggleAttribute("data-deleted", Boolean(m.deletedBy));
  refill(li, head(m, ways), !m.deletedBy && m.replyTo ? quote(m.replyTo, ways) : null, body(m, ways), m.deletedBy ? null : felt(m, ways));
}

function head(m: ChatMessage, ways: LineWays): HTMLElement {
  const line = make("p", { class: "room-line" }, make("strong", {}, m.name));
  if (m.host) line.append(" ", make("span", { class: "tag" }, say("host")));
  if (ways.own(m)) line.append(" ", make("span", { class: "quiet" }, say("you")));
  line.append(" ", make("time", { class: "quiet", datetime: m.sentAt }, ways.time(m.sentAt)));
  if (m.editedAt && !m.deletedBy) line.append(" ", make("span", { class: "quiet" }, say("edited")));
  if (!m.deletedBy) line.append(more(m));
  return line;
}

/** more is the button of the menu; the list listens for it. */
function more(m: ChatMessage): HTMLElement {
  return make("button", {
    type: "button", class: "room-more", "data-act": "more", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": say("more", { name: m.name }),
  }, drawn("more-horizontal"));
}

function body(m: ChatMessage, ways: LineWays): HTMLElement {
  const reason = m.deletedBy === "host" ? ways.why(m) : "";
  if (reason) return make("p", { class: "quiet" }, say("deleted_host_for", { reason }));
  if (m.deletedBy) return make("p", { class: "quiet" }, say(`deleted_${m.deletedBy}`));
  return make("p", { class: "lines" }, m.body ?? "");
}

function quote(q: Quote, ways: LineWays): HTMLElement {
  const b = make("button", { type: "button", class: "room-quote", "data-act": "quote", title: say("jump") },
    drawn("reply"), make("span", {}, make("strong", {}, q.name), " ", q.body || say("deleted_quote")));
  b.onclick = () => ways.jump(q.sequence);
  return b;
}

function felt(m: ChatMessage, ways: LineWays): HTMLElement | null {
  const list = (m.reactions ?? []).filter((r) => (r.count ?? 0) > 0);
  if (list.length === 0) return null;
  return make("p", { class: "room-felt" }, ...list.map((r) => {
    const on = ways.reacted(m.sequence, r.kind);
    const text = `${knows(`react_${r.kind}`) ? say(`react_${r.kind}`) : r.kind} ${r.count ?? 0}`;
    const icon = reactions.find(([kind]) => kind === r.kind)?.[1] ?? "";
    const { react } = ways;
    if (!react) return make("span", { class: "room-chip" }, drawn(icon), text);
    const b = button(text, icon, () => react(m, r.kind, !on), "room-chip");
    b.dataset["act"] = `react-${r.kind}`;
    b.setAttribute("aria-pressed", String(on));
    return b;
  }));
}
