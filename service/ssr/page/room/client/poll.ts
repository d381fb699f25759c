// The result of a poll, as bars with their numbers: read as text by who does not see them.
import { drawn, make } from "./dom";
import type { Poll } from "./protocol";
import { say } from "./say";

/** results are the options with how many chose each; chosen are the reader's own. */
export function results(p: Poll, chosen: ReadonlySet<number> = new Set()): HTMLElement {
  const voters = p.voters ?? 0;
  const bars = p.options.map((option, i) => {
    const count = p.counts?.[i] ?? 0;
    const percent = voters > 0 ? Math.round((count * 100) / voters) : 0;
    const own = chosen.has(i) ? make("span", { class: "room-own" }, drawn("check"), say("poll_yours")) : null;
    return make("li", {},
      make("p", { class: "room-bar-text" }, make("span", {}, option, own ? " " : null, own), make("span", { class: "number" }, say("poll_count", { n: count, percent }))),
      make("progress", { class: "progress w-full", max: 100, value: percent, "aria-hidden": "true" }));
  });
  return make("div", { class: "room-results" },
    make("ul", {}, ...bars), make("p", { class: "quiet" }, say(p.multiple ? "poll_voters_multiple" : "poll_voters", { n: voters })));
}
