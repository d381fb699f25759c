// Keeps "in 40 minutes" true while the page stands open.
const units: [Intl.RelativeTimeFormatUnit, number, number][] = [
  ["day", 86_400, 36 * 3_600],
  ["hour", 3_600, 90 * 60],
  ["minute", 60, 30],
];

export function relative(to: Date, now: Date, language: string): string {
  const seconds = (to.getTime() - now.getTime()) / 1000;
  const words = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  for (const [unit, size, from] of units) {
    if (Math.abs(seconds) >= from) return words.format(Math.sign(seconds) * Math.round(Math.abs(seconds) / size), unit);
  }
  return language === "sl" ? "zdaj" : "now";
}

export function freshen(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-relative]")) {
    const text = relative(new Date(time.dateTime), new Date(), document.documentElement.lang);
    const target = time.querySelector("[data-relative-text]");
    if (target && target.textContent !== text) target.textContent = text;
  }
}
