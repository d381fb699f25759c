// The sentences of the page, which the server wrote in the reader's language; blanks stand in braces.
const element = document.getElementById("room-texts");
const texts = JSON.parse(element?.textContent ?? "{}") as Record<string, string>;

export function say(key: string, blanks: Record<string, string | number> = {}): string {
  const text = texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(blanks[name] ?? whole));
}

/** count says how many of something there are, in the form that the language has for that number. */
export function count(key: string, n: number): string {
  return say(`${key}_${new Intl.PluralRules(document.documentElement.lang).select(n)}`, { n });
}

export function knows(key: string): boolean { return key in texts; }

/** trouble is the sentence of an error's code. */
export function trouble(code: string): string { return say(knows(`err.${code}`) ? `err.${code}` : "err_other"); }

/** find is an element that the server always renders. */
export function find<T extends HTMLElement>(root: ParentNode, selector: string): T {
  const e = root.querySelector<T>(selector);
  if (!e) throw new Error(`room: no ${selector}`);
  return e;
}

/** clock says times of day in the reader's zone. */
export function clock(zone: string): (iso: string) => string {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
  return (iso) => format.format(new Date(iso));
}
