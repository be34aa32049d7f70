import { api } from "./api.ts";

const ASK_MS = 500;

/**
 * Takes back what one request or execution did, and waits until that is done. Throws what the
 * server says where it cannot be, and an error that names what was left if something was.
 * Source: `POST /restores` with `cause`.
 */
export async function undo(cause: string): Promise<void> {
  const { created } = await api.restores.create({ body: { cause } });
  const params = { id: Number(created) };
  for (;;) {
    const { body: plan } = await api.restores.get({ params });
    if (plan.objections.length > 0) throw new Error(plan.objections.join(" "));
    const run = plan.execution;
    if (run && run.status !== "Running") {
      if (run.status === "Success") return;
      throw new Error(run.status_text);
    }
    await new Promise((done) => setTimeout(done, ASK_MS));
  }
}

/** The header that gives several requests one cause, so that they are undone as one. */
export function oneCause(): { cause: string; headers: { "x-request-id": string } } {
  const random = crypto.getRandomValues(new Uint8Array(16));
  const cause = `portal-${[...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  return { cause, headers: { "x-request-id": cause } };
}
