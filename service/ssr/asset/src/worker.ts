// The service worker: shows what the notification center sends while no page of Rounds is open, and leads to the page that it is
// about. It keeps no pages and answers no requests, so that nobody ever sees an old one.

/** told is what the notification center encrypts for this browser. */
interface Told { title: string; text: string; path: string; tag: string; language: string }

declare const ICON: string; // the address of our sign as a picture, which the build puts in

// What the browser gives a worker, as far as it is used here; the types of pages and of workers exclude each other.
interface PushEvent extends Event { readonly data: { json(): Told } | null; waitUntil(p: Promise<unknown>): void }
interface ClickEvent extends Event { readonly notification: Notification; waitUntil(p: Promise<unknown>): void }
interface Page { readonly url: string; focus(): Promise<Page>; navigate(url: string): Promise<Page | null> }
interface Worker {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: { matchAll(o: { type: "window"; includeUncontrolled: boolean }): Promise<Page[]>; openWindow(url: string): Promise<Page | null>; claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(kind: string, hear: (e: Event) => void): void;
}
const worker = self as unknown as Worker;

/** here is an address of this site, whatever the message says. */
function here(path: string): string {
  const url = new URL(path, location.origin);
  return url.origin === location.origin ? url.href : location.origin + "/notifications";
}

function read(e: PushEvent): Told {
  try {
    const told = e.data?.json();
    if (told?.title) return told;
  } catch { /* Not ours; browsers want something to be shown all the same. */ }
  return { title: "Rounds", text: "", path: "/notifications", tag: "", language: "" };
}

async function open(href: string): Promise<void> {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = pages.find((p) => p.url === href);
  if (there) {
    await there.focus();
    return;
  }
  await worker.clients.openWindow(href);
}

worker.addEventListener("install", (e) => (e as PushEvent).waitUntil(worker.skipWaiting()));
worker.addEventListener("activate", (e) => (e as PushEvent).waitUntil(worker.clients.claim()));
worker.addEventListener("push", (e) => {
  const event = e as PushEvent;
  const told = read(event);
  event.waitUntil(worker.registration.showNotification(told.title, { body: told.text, tag: told.tag, lang: told.language, icon: ICON, data: here(told.path) }));
});
worker.addEventListener("notificationclick", (e) => {
  const event = e as ClickEvent;
  event.notification.close();
  event.waitUntil(open(String(event.notification.data)));
});
