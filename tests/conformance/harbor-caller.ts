import type { TestServer } from "@entrepot/server/testing";

/**
 * Sends requests as Harbor's own adapter does: by its user agent, following no redirect, as the
 * system administrator by Basic unless `headers` say otherwise. Answers are read to their end.
 */
export function harborCaller(server: () => Pick<TestServer, "url" | "credential">) {
  return async (method: string, path: string, init: RequestInit = {}) => {
    const { url, credential } = server();
    const basic = Buffer.from(`${credential.username}:${credential.password}`).toString("base64");
    const answer = await fetch(new URL(path, url), {
      method,
      redirect: "error",
      ...init,
      headers: {
        authorization: `Basic ${basic}`,
        "user-agent": "harbor-registry-client",
        ...init.headers,
      },
    });
    const text = await answer.text();
    // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came
    return { status: answer.status, headers: answer.headers, json: parsed(text) as any };
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A request's body as JSON. */
export const json = (body: unknown): RequestInit => ({
  body: JSON.stringify(body),
  headers: { "content-type": "application/json" },
});
