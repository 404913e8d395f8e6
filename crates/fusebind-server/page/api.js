// Calls of the server that this page came from. A refusal becomes an Error with what is wrong and what helps.

let token = "";

/** Keeps the token as long as the page is open. */
export function useToken(text) {
  token = text;
}

export class Refusal extends Error {
  constructor(status, error) {
    super([error.reason, error.remedy].filter(Boolean).join(": "));
    this.status = status;
    this.limit = error.limit;
  }
}

async function call(path, options = {}) {
  const headers = { ...(options.headers ?? {}) };
  if (token) headers.Authorization = `Bearer ${token}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers, credentials: "omit" });
  } catch (cause) {
    if (cause.name === "AbortError") throw cause;
    throw new Refusal(0, { reason: "the server does not answer", remedy: "is it still running?" });
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  throw new Refusal(response.status, body.error ?? { reason: `the server answered with ${response.status}` });
}

export const get = async (path) => (await call(path)).json();
export const getText = async (path, accept) => (await call(path, { headers: { Accept: accept } })).text();
export const remove = async (path) => (await call(path, { method: "DELETE" })).json();

/** Sends `body` as JSON; with `asJob` the answer is a job. */
export async function post(path, body, asJob = false) {
  const headers = { "Content-Type": "application/json" };
  if (asJob) headers.Prefer = "respond-async";
  return (await call(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
}
