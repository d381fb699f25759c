// Helps with forms: shows passwords, counts letters, names chosen files, shows upload progress,
// submits filters when they change, and sends a form once however often the button is pressed.
export function forms(root: ParentNode): void {
  root.querySelectorAll<HTMLButtonElement>("[data-shows-password]").forEach(password);
  root.querySelectorAll<HTMLTextAreaElement>("textarea[data-counter]").forEach(counter);
  root.querySelectorAll<HTMLInputElement>("input[type=file]").forEach(file);
  root.querySelectorAll<HTMLFormElement>("form[method=post]:not([data-theme-switch])").forEach(once);
  root.querySelectorAll<HTMLFormElement>("form[data-filters]").forEach((form) => {
    form.onchange = () => form.requestSubmit();
  });
}

function password(button: HTMLButtonElement): void {
  const input = document.getElementById(button.getAttribute("aria-controls") ?? "");
  if (!(input instanceof HTMLInputElement)) return;
  button.hidden = false;
  button.onclick = () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    const words = shown ? button.dataset["hide"] : button.dataset["show"];
    if (words) button.textContent = words;
  };
}

function counter(area: HTMLTextAreaElement): void {
  const out = document.getElementById(area.dataset["counter"] ?? "");
  const limit = Number(area.dataset["limit"]);
  if (!out || !limit) return;
  const show = () => {
    const left = limit - [...area.value].length;
    const words = (left < 0 ? out.dataset["over"] : out.dataset["left"]) ?? "";
    out.textContent = words.replace("#", String(Math.abs(left)));
    out.classList.toggle("field-error", left < 0);
  };
  area.oninput = show;
  show();
}

function file(input: HTMLInputElement): void {
  const list = document.getElementById(`${input.id}-chosen`);
  const remove = document.getElementById(`${input.id}-remove`);
  if (!list || !remove) return;
  const show = () => {
    const chosen = [...(input.files ?? [])];
    list.textContent = chosen.map((f) => `${f.name}, ${size(f.size)}`).join("; ");
    remove.hidden = chosen.length === 0;
  };
  input.onchange = show;
  remove.onclick = () => {
    input.value = "";
    show();
    input.focus();
  };
  show();
}

function size(bytes: number): string {
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
  return bytes < 1_000_000 ? `${number.format(Math.ceil(bytes / 1000))} kB` : `${number.format(bytes / 1_000_000)} MB`;
}

function once(form: HTMLFormElement): void {
  form.addEventListener("submit", (e) => {
    if (e.defaultPrevented) return;
    if (form.dataset["sent"]) {
      e.preventDefault();
      return;
    }
    form.dataset["sent"] = "yes";
    const button = e.submitter;
    button?.setAttribute("aria-disabled", "true");
    const bar = form.querySelector<HTMLProgressElement>("progress[data-upload]");
    if (bar && chosen(form)) {
      e.preventDefault();
      upload(form, bar, button);
    }
  });
  window.addEventListener("pageshow", (e) => {
    if (e.persisted) again(form);
  });
}

function again(form: HTMLFormElement): void {
  delete form.dataset["sent"];
  form.querySelectorAll("[aria-disabled]").forEach((b) => b.removeAttribute("aria-disabled"));
}

function chosen(form: HTMLFormElement): boolean {
  return [...form.querySelectorAll<HTMLInputElement>("input[type=file]")].some((i) => (i.files?.length ?? 0) > 0);
}

/** upload sends the form with a progress bar, then shows the page that the server answered. */
function upload(form: HTMLFormElement, bar: HTMLProgressElement, button: HTMLElement | null): void {
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "text/html");
  request.upload.onprogress = (e) => {
    bar.hidden = false;
    bar.max = e.total;
    bar.value = e.loaded;
  };
  request.onload = () => {
    if (request.status < 400 && request.responseURL !== form.action) location.assign(request.responseURL);
    else show(request.responseText);
  };
  request.onerror = () => {
    bar.hidden = true;
    again(form);
    const failed = form.querySelector<HTMLElement>("[data-upload-failed]");
    if (failed) failed.hidden = false;
    button?.focus();
  };
  const data = new FormData(form, button);
  request.send(data);
}

function show(html: string): void {
  const page = new DOMParser().parseFromString(html, "text/html");
  document.title = page.title;
  document.body.replaceChildren(...page.body.childNodes);
  document.body.dispatchEvent(new CustomEvent("rounds:content", { bubbles: true }));
  document.querySelector<HTMLElement>("[data-takes-focus]")?.focus();
}
