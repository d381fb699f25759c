// Calls of the JSON API from a page that may have stood open for long.

/** post sends JSON; when the token has become too old it is renewed once. Null: there is no answer to use. */
export async function post<T>(url: string, body: unknown, signal?: AbortSignal): Promise<T | null> {
  const send = () => fetch(url, {
    method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body), signal: signal ?? null,
  });
  try {
    let answer = await send();
    if (answer.status === 401) {
      await fetch("/auth/refresh", { method: "POST", headers: { Accept: "application/json" } });
      answer = await send();
    }
    return answer.ok ? ((await answer.json()) as T) : null;
  } catch {
    return null;
  }
}
