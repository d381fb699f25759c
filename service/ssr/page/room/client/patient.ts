// While somebody writes what everybody reads: asks whether a patient could be recognised. The patterns are those of the
// comments; nothing is held back, and what was sent is asked about no more.
import patterns from "../../../../../rules/patient/patterns.json";
import { find } from "./say";

const all = patterns.map((p) => new RegExp(p.pattern, "u"));

/** askOfPatients watches a field; its form holds the hint. */
export function askOfPatients(field: HTMLTextAreaElement): void {
  const form = field.form;
  if (!form) return;
  const hint = find(form, "[data-recognised]");
  const look = (): void => { hint.hidden = !all.some((p) => p.test(field.value)); };
  field.addEventListener("input", look);
  form.addEventListener("submit", () => { hint.hidden = true; });
  look();
}
