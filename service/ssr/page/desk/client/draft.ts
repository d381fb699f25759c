// A draft is what stands in the form and is not saved. It lives in this browser until the server has answered that it was saved.
//
//   typed ──(0.8 s, or the page is left)──> kept ──(sent, and the next page says saved)──> gone
//                                             └──(page opened again)──> offered: take it back, or throw it away
import { relative } from "../../../asset/src/time";

const pause = 800;
const names = ["title", "summary", "category_id", "kind", "language", "body", "byline", "disclosure"] as const;

interface Draft {
  words: Record<string, string>;
  version: string;
  at: string;
}

function read(form: HTMLFormElement): Record<string, string> {
  const data = new FormData(form);
  return Object.fromEntries(names.map((name) => [name, String(data.get(name) ?? "").replaceAll("\r\n", "\n")]));
}

function same(a: Record<string, string>, b: Record<string, string>): boolean {
  return names.every((name) => (a[name] ?? "") === (b[name] ?? ""));
}

// Storage may be full or forbidden; then there is no draft, and the warning remains.
function tried<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}

function stored(key: string): Draft | null {
  return tried(() => JSON.parse(localStorage.getItem(key) ?? "null") as Draft | null);
}

export function keep(form: HTMLFormElement, id: string, written: string): void {
  const key = `rounds.draft.${document.body.dataset["account"] ?? ""}.${id || "new"}`;
  if (written === "saved") forget();
  const version = String(new FormData(form).get("version") ?? "");
  const clean = written === "typed" ? null : read(form); // what is safe on the server
  let sending = false;
  let timer = 0;

  const dirty = () => !clean || !same(clean, read(form));
  const save = () => {
    clearTimeout(timer);
    if (sending) return;
    const draft: Draft = { words: read(form), version, at: new Date().toISOString() };
    const kept = dirty() ? tried(() => { localStorage.setItem(key, JSON.stringify(draft)); return true; }) : null;
    if (!dirty() && changed) tried(() => localStorage.removeItem(key));
    const note = form.querySelector<HTMLElement>("[data-kept]");
    if (note) note.hidden = !kept;
  };
  let changed = false; // by this visit: what only lies here from an earlier one is left alone
  const touch = () => {
    changed = true;
    clearTimeout(timer);
    timer = window.setTimeout(save, pause);
  };
  form.addEventListener("input", touch);
  form.addEventListener("change", touch);
  document.addEventListener("visibilitychange", () => { if (changed && document.visibilityState === "hidden") save(); });
  form.addEventListener("submit", () => {
    if (form.dataset["sent"] && sending) return;
    save();
    sending = true;
    tried(() => sessionStorage.setItem("rounds.draft.sent", key));
  });
  window.addEventListener("pageshow", (e) => { if (e.persisted) sending = false; });
  window.addEventListener("beforeunload", (e) => { if (!sending && dirty()) e.preventDefault(); });

  const draft = stored(key);
  if (draft?.words && !same(draft.words, read(form))) offer(form, key, draft, version);
}

/** forget drops the draft that was sent from here and is saved now. */
function forget(): void {
  tried(() => {
    const sent = sessionStorage.getItem("rounds.draft.sent");
    if (sent) localStorage.removeItem(sent);
    sessionStorage.removeItem("rounds.draft.sent");
  });
}

function offer(form: HTMLFormElement, key: string, draft: Draft, version: string): void {
  const box = document.querySelector<HTMLElement>("[data-found]");
  if (!box) return;
  const at = box.querySelector("[data-found-at]");
  if (at) at.textContent = `(${relative(new Date(draft.at), new Date(), document.documentElement.lang)})`;
  const older = box.querySelector<HTMLElement>("[data-found-older]");
  if (older) older.hidden = draft.version === version;
  box.hidden = false;
  box.querySelector<HTMLElement>("[data-found-take]")!.onclick = () => {
    box.hidden = true;
    fill(form, draft.words);
    form.dispatchEvent(new Event("input"));
    document.dispatchEvent(new Event("rounds:taken"));
    form.querySelector<HTMLElement>("#f-title")?.focus();
  };
  box.querySelector<HTMLElement>("[data-found-drop]")!.onclick = () => {
    box.hidden = true;
    tried(() => localStorage.removeItem(key));
    form.querySelector<HTMLElement>("#f-title")?.focus();
  };
}

function fill(form: HTMLFormElement, words: Record<string, string>): void {
  for (const name of names) {
    const field = form.elements.namedItem(name);
    const word = words[name] ?? "";
    if (field instanceof RadioNodeList || field instanceof HTMLSelectElement || field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) {
      field.value = word;
    }
    if (field instanceof HTMLTextAreaElement) field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
