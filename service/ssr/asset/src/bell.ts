// The number on the bell stays right while a page is open: the open connection tells when it changes. It is also asked for each half
// minute, which renews the session too, and at once when the page is looked at again. The server alone knows how the bell looks.

const pause = 30_000;
const words: Record<string, string> = { one: "1", two: "2", few: "3", many: "5", other: "5" };
let said = 0; // when somebody who listens was last told

export function bell(): void {
  if (!document.querySelector("[data-bell]")) return;
  setInterval(() => { if (document.visibilityState === "visible") void renew(); }, pause);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") void renew(); });
  document.addEventListener("rounds:unseen", (e) => show((e as CustomEvent<number>).detail));
}

/** show puts a number on the bell: the server has sent along what one looks like, and the words for each plural of the language. */
function show(n: number): void {
  const old = document.querySelector<HTMLElement>("[data-bell] [data-unseen]");
  const like = document.querySelector<HTMLTemplateElement>("template[data-badge-like]");
  if (!old || !like || old.dataset.unseen === String(n)) return;
  const more = n > Number(old.dataset.unseen);
  const badge = like.content.cloneNode(true) as DocumentFragment;
  const forms = JSON.parse(like.dataset.words ?? "{}") as Record<string, string>;
  const form = forms[words[new Intl.PluralRules(document.documentElement.lang).select(n)] ?? "5"] ?? "#";
  const text = form.replace("#", String(n));
  const shown = badge.querySelector("[data-badge]");
  if (shown?.firstChild) shown.firstChild.textContent = n > 99 ? "99+" : String(n);
  const name = badge.querySelector(".sr-only");
  if (name) name.textContent = text;
  old.dataset.unseen = String(n);
  old.replaceChildren(...(n > 0 ? badge.childNodes : []));
  if (more) announce(text);
}

/** announce says it to who cannot see it, but not each time when much happens at once. */
function announce(text: string): void {
  const status = document.querySelector("[data-bell-says]");
  if (!status || Date.now() - said < pause) return;
  said = Date.now();
  status.textContent = text;
}

async function renew(): Promise<void> {
  const answer = await fetch("/notifications/bell", { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-unseen]");
  const old = document.querySelector("[data-bell] [data-unseen]");
  if (fresh && old && fresh.getAttribute("data-unseen") !== old.getAttribute("data-unseen")) old.replaceWith(fresh);
}
