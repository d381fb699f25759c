// Making elements, and changing the page once a frame however much comes in between.

type Attributes = Record<string, string | number | boolean | undefined>;

/** make is an element with its attributes and children. Text is text: nothing here is read as HTML. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: (Node | string | null | undefined | false)[]
): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) e.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) e.append(child);
  return e;
}

/** button is one with an icon beside its word. */
export function button(label: string, icon: string, act: (() => void) | null, look = "btn btn-plain btn-small"): HTMLButtonElement {
  const b = make("button", { type: "button", class: look }, icon ? drawn(icon) : null, label);
  if (act) b.onclick = act;
  return b;
}

/** drawn is an icon, of those that the page brought in its template. */
export function drawn(name: string): Node {
  const all = document.querySelector<HTMLTemplateElement>("template[data-icons]");
  return all?.content.querySelector(`svg[data-icon="${name}"]`)?.cloneNode(true) ?? document.createTextNode("");
}

/** write changes a text only when it is another, so that nobody is told of it anew. */
export function write(e: Element, text: string): void {
  if (e.textContent !== text) e.textContent = text;
}

const waiting = new Set<() => void>();
let asked = false;

/** onFrame does the work at the next frame, once however often it was asked for; on a page in the background a little later. */
export function onFrame(work: () => void): void {
  waiting.add(work);
  if (asked) return;
  asked = true;
  let late = 0;
  const run = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(late);
    asked = false;
    const all = [...waiting];
    waiting.clear();
    for (const each of all) each();
  };
  const frame = requestAnimationFrame(run);
  late = window.setTimeout(run, 200);
}

/** arrange makes the children of a list those given, in that order, and touches only what differs: focus and scroll stay. */
export function arrange(list: Element, children: Element[]): void {
  const wanted = new Set(children);
  for (const old of [...list.children]) if (!wanted.has(old)) old.remove();
  let at = list.firstElementChild;
  for (const child of children) {
    if (child === at) at = at.nextElementSibling;
    else list.insertBefore(child, at);
  }
}

/** refill gives an element other children; what had the focus in it, known by its data-act, has it again. */
export function refill(e: Element, ...children: (Node | string | null | undefined | false)[]): void {
  const focused = e.contains(document.activeElement) ? document.activeElement?.getAttribute("data-act") : null;
  e.replaceChildren(...children.filter((c) => c instanceof Node || Boolean(c)) as (Node | string)[]);
  if (focused) e.querySelector<HTMLElement>(`[data-act="${focused}"]`)?.focus();
}
