// While somebody writes a comment: asks whether a patient could be recognised. The patterns are those of the server; nothing is held back.
import patterns from "../../../../rules/patient/patterns.json";

const pause = 500;
const all = patterns.map((p) => ({ kind: p.kind, text: new RegExp(p.pattern, "u") }));

const hint = document.querySelector<HTMLElement>("[data-say] [data-recognised]");
const area = document.querySelector<HTMLTextAreaElement>("[data-say] textarea[name=body]");
if (hint && area) {
  let timer = 0;
  const look = () => {
    const kinds = new Set(all.filter((p) => p.text.test(area.value)).map((p) => p.kind));
    for (const line of hint.querySelectorAll<HTMLElement>("[data-kind]")) line.hidden = !kinds.has(line.dataset["kind"] ?? "");
    hint.hidden = kinds.size === 0;
  };
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(look, pause);
  });
}
