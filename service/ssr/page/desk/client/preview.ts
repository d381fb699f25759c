// The preview is made by the server, which alone knows what is harmless. Each answer is shown only if nothing was asked after it.
import { post } from "../../../asset/src/api";

const pause = 400;

export function preview(form: HTMLFormElement): void {
  const panel = document.querySelector<HTMLElement>("[data-preview]");
  const text = panel?.querySelector<HTMLElement>("[data-preview-text]");
  const area = form.elements.namedItem("body");
  if (!panel || !text || !(area instanceof HTMLTextAreaElement)) return;
  let asked: AbortController | null = null;
  let timer = 0;

  const say = (state: string) => {
    for (const s of panel.querySelectorAll<HTMLElement>("[data-preview-state]")) s.hidden = s.dataset["previewState"] !== state;
  };
  const ask = async () => {
    clearTimeout(timer);
    asked?.abort();
    const mine = (asked = new AbortController());
    panel.hidden = false;
    if (area.value.trim() === "") {
      text.replaceChildren();
      return say("empty");
    }
    const answer = await post<{ html: string }>("/api/preview", { body: area.value }, mine.signal);
    if (mine.signal.aborted) return;
    if (!answer) return say("missing");
    text.innerHTML = answer.html; // sanitised by the server
    say("");
  };

  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), pause);
  });
  const button = form.querySelector<HTMLButtonElement>("button[name=do][value=preview]");
  button?.addEventListener("click", (e) => {
    e.preventDefault();
    void ask().then(() => {
      panel.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
      panel.scrollIntoView({ block: "nearest" });
    });
  });
  document.addEventListener("rounds:taken", () => void ask());
  void ask();
}
