// The number on the bell stays right while a page is open: it is asked for again each half minute, and at once when the
// page is looked at again. The server alone knows how the bell looks.

const pause = 30_000;

export function bell(): void {
  if (!document.querySelector("[data-bell]")) return;
  setInterval(() => { if (document.visibilityState === "visible") void renew(); }, pause);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") void renew(); });
}

async function renew(): Promise<void> {
  const answer = await fetch("/notifications/bell", { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-unseen]");
  const old = document.querySelector("[data-bell] [data-unseen]");
  if (fresh && old && fresh.getAttribute("data-unseen") !== old.getAttribute("data-unseen")) old.replaceWith(fresh);
}
