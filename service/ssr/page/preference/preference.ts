// Turns this browser on and off as one in which its reader is told by Web Push. The browser asks for leave only when somebody has
// pressed the button.
import { post } from "../../asset/src/api";

const box = document.querySelector<HTMLElement>("[data-browsers]");
const key = box?.dataset["browsers"] ?? "";

/** say shows one of the sentences of the block, and hides the others. */
function say(name: string): void {
  for (const one of box?.querySelectorAll<HTMLElement>("[data-say]") ?? []) one.hidden = one.dataset["say"] !== name;
}

/** bytes reads base64url. */
function bytes(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

/** label is how people call a browser: the program and the system. */
function label(): string {
  const agent = navigator.userAgent;
  const first = (list: [RegExp, string][]) => list.find(([is]) => is.test(agent))?.[1] ?? "";
  const program = first([[/Edg/, "Edge"], [/OPR\//, "Opera"], [/Firefox|FxiOS/, "Firefox"], [/Chrome|CriOS/, "Chrome"], [/Safari/, "Safari"]]);
  const system = first([[/Android/, "Android"], [/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Windows/, "Windows"], [/Mac OS X/, "Mac"], [/Linux/, "Linux"]]);
  return [program, system].filter((part) => part !== "").join(", ") || "Browser";
}

/** same tells whether a subscription was made with the key that is used now. */
function same(subscription: PushSubscription): boolean {
  const made = subscription.options.applicationServerKey;
  if (made === null) return false;
  const now = bytes(key);
  const was = new Uint8Array(made);
  return was.length === now.length && was.every((b, i) => b === now[i]);
}

/** listed tells whether the server knows a subscription: whoever logged out everywhere is told nothing here, though the browser would. */
async function listed(subscription: PushSubscription): Promise<boolean> {
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subscription.endpoint));
  const fingerprint = [...new Uint8Array(sum)].map((b) => b.toString(16).padStart(2, "0")).join("");
  return box?.querySelector(`[data-browser="${fingerprint}"]`) !== null;
}

async function current(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return (await registration?.pushManager.getSubscription()) ?? null;
}

async function turnOn(): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") {
    say("denied");
    return;
  }
  await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  const registration = await navigator.serviceWorker.ready;
  const old = await registration.pushManager.getSubscription();
  if (old && !same(old)) await old.unsubscribe();
  const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const { endpoint, keys } = made.toJSON();
  if ((await post("/api/me/browsers", { endpoint, p256dh: keys?.["p256dh"], auth: keys?.["auth"], label: label() })) === null) {
    await made.unsubscribe();
    say("failed");
    return;
  }
  location.reload();
}

async function turnOff(): Promise<void> {
  const subscription = await current();
  if (subscription) {
    if ((await post("/api/me/browsers/remove", { endpoint: subscription.endpoint })) === null) {
      say("failed");
      return;
    }
    await subscription.unsubscribe();
  }
  location.reload();
}

async function begin(): Promise<void> {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) {
    say("unable");
    return;
  }
  const subscription = await current();
  if (subscription && same(subscription) && await listed(subscription)) {
    say("on");
  } else {
    say(Notification.permission === "denied" ? "denied" : "off");
  }
  for (const [name, act] of [["turn-on", turnOn], ["turn-off", turnOff]] as const) {
    const button = box?.querySelector<HTMLButtonElement>(`[data-${name}]`);
    button?.addEventListener("click", () => {
      button.disabled = true;
      void act().catch(() => say("failed")).finally(() => { button.disabled = false; });
    });
  }
}

if (box && key !== "") void begin();
