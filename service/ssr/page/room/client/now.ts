// The server's time, as far as this page knows it: clocks of devices are wrong, and only the server's counts.
import type { Room } from "./protocol";

let ahead = 0;

/** setClock compares with the moment in which the room answered. */
export function setClock(r: Room): void {
  if (r.openedAt) ahead = Date.parse(r.openedAt) + (r.offsetMs ?? 0) - Date.now();
}

export function now(): number { return Date.now() + ahead; }
