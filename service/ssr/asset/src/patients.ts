// A hint while somebody types what may be read by many: does it look like data of a patient? It never stops anybody, and
// nothing of it leaves the page. Some colleagues will see it for nothing; that is cheaper than one recognised patient.

const signs: readonly RegExp[] = [
  /\d{9,}/, // a number of an insurance, a record or a citizen
  /\b(?:0?[1-9]|[12]\d|3[01])\s?[./-]\s?(?:0?[1-9]|1[0-2])\s?[./-]\s?(?:19|20)\d\d\b/, // a whole date
  /\b(?:19|20)\d\d-\d\d-\d\d\b/,
  /(?:^|\P{L})(?:born|dob|date of birth|rojen|rojena|datum rojstva)(?=\P{L}).{0,20}\d/iu,
  /(?:^|\P{L})(?:[Mm]rs?|[Mm]iss|[Mm]s|[Gg]ospa|[Gg]ospod|[Gg]ospe|[Gg]ga|[Gg]a)\.?\s\p{Lu}\p{Ll}+/u, // Mrs Novak
  /(?:^|\P{L})(?:patient|pacient|pacientka|bolnik|bolnica)\s\p{Lu}\p{Ll}{2,}/u, // patient Novak
  /(?:^|\P{L})\p{Lu}\.\s?\p{Lu}\.,?\s?\(?\d{1,3}(?!\d)/u, // J. K., 54
];

export function recognisable(text: string): boolean { return signs.some((s) => s.test(text)); }

/** patients watches the text fields of each element that names its hint. */
export function patients(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-patients]").forEach((around) => {
    const hint = document.getElementById(around.dataset["patients"] ?? "");
    if (!hint) return;
    const show = (e: Event): void => {
      const field = e.target;
      if (!(field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && field.type === "text"))) return;
      hint.hidden = !recognisable(field.value);
    };
    around.addEventListener("input", show);
    around.addEventListener("submit", () => { hint.hidden = true; });
  });
}
