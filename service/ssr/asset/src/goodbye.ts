// Logging out turns off Web Push in this browser: whoever sits here next must not read what is meant for somebody else. The server forgets
// the browser too; this holds when it cannot.
import { post } from "./api";

const patience = 2000; // nobody waits longer for being logged out

export function goodbye(): void {
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) return;
  for (const form of document.querySelectorAll<HTMLFormElement>("form[action^='/auth/logout']")) {
    form.addEventListener("submit", (e) => {
      if (e.defaultPrevented) return; // it is on its way
      e.preventDefault();
      const enough = new Promise<void>((done) => { setTimeout(done, patience); });
      void Promise.race([turnOff().catch(() => { /* the server forgets it */ }), enough]).then(() => form.submit());
    });
  }
}

async function turnOff(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  if (!subscription) return;
  await Promise.allSettled([subscription.unsubscribe(), post("/api/me/browsers/remove", { endpoint: subscription.endpoint })]);
}
