// Who is muted reads, votes and answers polls, and is told why writing has to wait.
import { now } from "./now";
import type { Muted } from "./protocol";
import { say } from "./say";

/** mutedWhy is empty when one may write. */
export function mutedWhy(m: Muted | undefined, time: (iso: string) => string): string {
  if (!m || (m.until && Date.parse(m.until) <= now())) return "";
  return say(m.until ? "muted_until" : "muted", { reason: m.reason, at: m.until ? time(m.until) : "" });
}
