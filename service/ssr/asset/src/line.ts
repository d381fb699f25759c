// The open connection of a page. It brings what goes live to pages that show it (data-front), and to everybody who is logged in how
// many notifications are new. Rooms and consoles have a connection of their own, which tells the bell too.
import type { Centrifuge } from "centrifuge";

export interface Line { news(): void; connected(): void }

/** unseen tells the page how many notifications are new. */
export function unseen(n: number | undefined): void {
  if (n !== undefined) document.dispatchEvent(new CustomEvent("rounds:unseen", { detail: n }));
}

export async function line(on: Line): Promise<void> {
  const shows = document.querySelector("[data-front]") !== null;
  const bell = document.querySelector("[data-bell]") !== null && !document.querySelector("[data-room], [data-console]");
  if (!(shows || bell) || !("WebSocket" in window)) return;
  const { Centrifuge } = await import("centrifuge");
  const engine: Centrifuge = new Centrifuge(
    `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live/connection/websocket`,
    { minReconnectDelay: 1000, maxReconnectDelay: 20_000 },
  );
  engine.on("publication", (c) => {
    if (c.channel === "front") on.news(); else unseen((c.data as { unseen?: number }).unseen);
  });
  engine.on("connected", () => on.connected()); // something may have happened since the page was made
  // For the bell alone only the page that is looked at is connected: an account has so many connections and no more.
  const keep = (): void => { if (shows || document.visibilityState === "visible") engine.connect(); else engine.disconnect(); };
  document.addEventListener("visibilitychange", keep);
  keep();
  addEventListener("pagehide", () => engine.disconnect());
}
