// What the browser knows of its reader: the time zone (told to the server in a cookie, for visitors
// who have no account yet) and the choice of theme, which takes effect at once.
export function reader(): void {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes("rounds_zone=")) {
    document.cookie = `rounds_zone=${encodeURIComponent(zone)}; Path=/; Max-Age=31536000; SameSite=Lax`;
  }
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-theme-switch]")) {
    form.onsubmit = (e) => {
      const choice = e.submitter?.getAttribute("value") ?? "";
      e.preventDefault();
      if (choice === "system") delete document.documentElement.dataset["theme"];
      else document.documentElement.dataset["theme"] = choice === "dark" ? "rounds-dark" : "rounds";
      document.cookie = `rounds_theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax`;
      for (const b of form.querySelectorAll("button")) b.setAttribute("aria-pressed", String(b.value === choice));
    };
  }
}
