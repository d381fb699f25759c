// While somebody writes into the chat: asks whether a patient could be recognised. The patterns are those of the comments;
// nothing is held back, and what was sent is asked about no more.
import patterns from "../../../../../rules/patient/patterns.json";
import { find } from "./say";

const all = patterns.map((p) => new RegExp(p.pattern, "u"));

export function askOfPatients(root: ParentNode): void {
  const hint = find(root, "[data-recognised]");
  const input = find<HTMLTextAreaElement>(root, "#chat-text");
  input.addEventListener("input", () => { hint.hidden = !all.some((p) => p.test(input.value)); });
  find(root, "[data-chat-form]").addEventListener("submit", () => { hint.hidden = true; });
}
