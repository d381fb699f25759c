// The queue of applications by keyboard: up and down in the list, and the decision with one letter. Never while one types, and
// only as long as it is turned on.
const storage = "rounds.keys";
const help = document.querySelector<HTMLElement>("[data-keys]");
const rows = [...document.querySelectorAll<HTMLElement>("[data-key-row]")];

function on(): boolean {
  try {
    return localStorage.getItem(storage) !== "off";
  } catch {
    return true;
  }
}

function show(): void {
  const list = help?.querySelector<HTMLElement>("[data-keys-list]");
  if (list) list.hidden = !on();
  help?.querySelector("[data-keys-switch]")?.setAttribute("aria-pressed", String(on()));
}

function step(by: number): void {
  const now = rows.indexOf(document.activeElement as HTMLElement);
  const next = now < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(now + by, 0), rows.length - 1);
  rows[next]?.focus();
}

function follow(key: string): boolean {
  const link = document.querySelector<HTMLAnchorElement>(`a[data-key="${key}"]`);
  link?.click();
  return link !== null;
}

function choose(decision: string): boolean {
  const radio = document.querySelector<HTMLInputElement>(`input[name=decision][value=${decision}]`);
  if (!radio) return false;
  radio.checked = true;
  if (decision === "reject") document.querySelector<HTMLElement>("#f-reason")?.focus();
  else radio.focus();
  return true;
}

function act(key: string): boolean {
  const inside = rows.includes(document.activeElement as HTMLElement); // elsewhere the arrows scroll the page
  const down = key === "j" || (inside && key === "ArrowDown");
  const up = key === "k" || (inside && key === "ArrowUp");
  if (rows.length > 0 && (down || up)) {
    step(down ? 1 : -1);
    return true;
  }
  switch (key) {
    case "j": case "u": return follow(key);
    case "a": return choose("approve");
    case "r": return choose("reject");
  }
  return false;
}

function typing(e: KeyboardEvent): boolean {
  return e.target instanceof Element && e.target.matches("input:not([type=radio]), textarea, select, [contenteditable]");
}

if (help) {
  help.hidden = false;
  show();
  help.querySelector<HTMLElement>("[data-keys-switch]")!.onclick = () => {
    try { localStorage.setItem(storage, on() ? "off" : "on"); } catch { /* it stays on for this visit */ }
    show();
  };
  document.addEventListener("keydown", (e) => {
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || !on() || typing(e)) return;
    if (document.querySelector("details[open], dialog[open]")) return;
    if (act(e.key)) e.preventDefault();
  });
}
