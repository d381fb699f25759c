// News without reloading: a page that shows which webinars are live marks those parts with data-front. When a webinar
// goes live or ends, the page is asked for again and just these parts are replaced, so the server stays the only one
// that knows how they look.
import type { Centrifuge } from "centrifuge";

export async function front(): Promise<void> {
  if (!document.querySelector("[data-front]") || !("WebSocket" in window)) return;
  const { Centrifuge } = await import("centrifuge");
  const engine: Centrifuge = new Centrifuge(
    `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live/connection/websocket`,
    { minReconnectDelay: 1000, maxReconnectDelay: 20_000 },
  );
  engine.on("publication", (c) => { if (c.channel === "front") void refresh(); });
  engine.on("connected", () => { void refresh(); }); // something may have happened since the page was made
  engine.connect();
  addEventListener("pagehide", () => engine.disconnect());
}

/** refresh waits a moment, so that a thousand open pages do not ask at once. */
async function refresh(): Promise<void> {
  await new Promise((done) => setTimeout(done, Math.random() * 300));
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (fresh.querySelector("[data-room]")) { location.reload(); return; } // the room has opened
  const parts = fresh.querySelectorAll("[data-front]");
  document.querySelectorAll("[data-front]").forEach((old, i) => {
    const part = parts[i];
    if (!part || part.innerHTML === old.innerHTML || old.contains(document.activeElement)) return;
    old.replaceChildren(...part.childNodes);
    old.dispatchEvent(new Event("rounds:content", { bubbles: true }));
  });
}
