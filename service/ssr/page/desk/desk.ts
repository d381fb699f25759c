// The editor of articles: shows the text as it will be read, keeps what is not saved yet, and warns before it is lost.
import { keep } from "./client/draft";
import { preview } from "./client/preview";

const editor = document.querySelector<HTMLElement>("[data-editor]");
const form = editor?.querySelector("form");
if (editor && form) {
  preview(form);
  keep(form, editor.dataset["editor"] ?? "", editor.dataset["written"] ?? "");
}
