// News without reloading: a page that shows which webinars are live marks those parts with data-front. When a webinar
// goes live or ends, the page is asked for again and just these parts are replaced, so the server stays the only one
// that knows how they look.
import { line } from "./line";

export async function front(): Promise<void> {
  const shows = document.querySelector("[data-front]") !== null;
  if (document.querySelector("[data-notifications-list]")) document.addEventListener("rounds:unseen", () => void refresh());
  await line({ news: () => void refresh(), connected: () => { if (shows) void refresh(); } });
}

const patience = 30_000; // the longest pause between two tries
let asked = 0;

/**
 * refresh waits a moment, so that a thousand open pages do not ask at once. News come once: when the server is too busy to
 * answer just then, it is asked again, until it does or there is newer news.
 */
async function refresh(): Promise<void> {
  const mine = ++asked;
  for (let pause = 300; mine === asked; pause = Math.min(pause * 2, patience)) {
    await new Promise((done) => setTimeout(done, Math.random() * pause));
    if (mine === asked && await renew()) return;
  }
}

/** renew replaces what has changed; false when the server had no answer. */
async function renew(): Promise<boolean> {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer || answer.status >= 500 || answer.status === 429) return false;
  if (!answer.ok || answer.redirected) return true;
  const text = await answer.text().catch(() => null);
  if (text === null) return false;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  if (fresh.querySelector("[data-room]")) { location.reload(); return true; } // the room has opened
  const parts = fresh.querySelectorAll("[data-front]");
  document.querySelectorAll("[data-front]").forEach((old, i) => {
    const part = parts[i];
    if (!part || shape(part) === shape(old) || old.contains(document.activeElement)) return;
    old.replaceChildren(...part.childNodes);
    old.dispatchEvent(new Event("rounds:content", { bubbles: true }));
  });
  return true;
}

/** shape is what a part says, without what differs each time it is asked for: a part is not replaced under somebody's finger for that. */
function shape(part: Element): string {
  const copy = part.cloneNode(true) as Element;
  copy.querySelectorAll("input[type=hidden], [data-relative-text]").forEach((e) => { e.replaceWith(); });
  return copy.innerHTML;
}
