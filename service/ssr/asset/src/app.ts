// What every page does in the browser. Everything here is a help: without it the page works too.
import { freshen } from "./time";
import { forms } from "./form";
import { dialogs } from "./dialog";
import { front } from "./front";
import { reader } from "./reader";
import { bell } from "./bell";
import { menus } from "./menu";
import { goodbye } from "./goodbye";

/** enhance wires the elements below root; it runs again for content that arrives later. */
export function enhance(root: ParentNode): void {
  forms(root);
  dialogs(root);
  freshen(root);
}

reader();
enhance(document);
void front();
bell();
menus();
goodbye();
document.addEventListener("rounds:content", (e) => enhance(e.target as Element));
setInterval(() => freshen(document), 20_000);
document.querySelector<HTMLElement>("[data-takes-focus]")?.focus();
