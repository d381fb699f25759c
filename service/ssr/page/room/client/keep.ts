// What was typed is kept on this device until it was sent, also when the page is loaded again.

/** kept and keep are a text of this tab. A browser that stores nothing forgets it when the page goes; nothing else changes. */
export function kept(key: string): string {
  try { return sessionStorage.getItem(`rounds:${key}`) ?? ""; } catch { return ""; }
}

export function keep(key: string, text: string): void {
  try {
    if (text) sessionStorage.setItem(`rounds:${key}`, text); else sessionStorage.removeItem(`rounds:${key}`);
  } catch { /* as above */ }
}

/** keepField fills a field with what was typed into it, and keeps it from now on. */
export function keepField(field: HTMLTextAreaElement | HTMLInputElement, key: string): void {
  field.value ||= kept(key);
  field.addEventListener("input", () => keep(key, field.value));
}
