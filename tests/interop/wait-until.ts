import { isDeepStrictEqual, inspect } from "node:util";
import { setTimeout as pause } from "node:timers/promises";

const EVERY_MS = 60;
/** Long questions are asked more rarely: those who are asked have something else to do. */
const REST = 2;

/**
 * Asks `actual` again and again until it gives `expected`, at most `timeoutMs`. Throws with what it
 * gave last. An error of `actual` is an answer too: a server that is starting refuses connections.
 */
export async function waitUntil<T>(
  what: string,
  actual: () => Promise<T>,
  expected: NoInfer<T>,
  timeoutMs = 45_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const asked = performance.now();
    const last: unknown = await actual().catch((error: unknown) => error);
    if (isDeepStrictEqual(last, expected)) return;
    if (performance.now() > deadline) {
      const [wanted, got] = [expected, last].map((value) => inspect(value, { depth: 6 }));
      throw new Error(`not so after ${timeoutMs / 1000} s: ${what}\nwanted ${wanted}\ngot ${got}`);
    }
    await pause(Math.max(EVERY_MS, (performance.now() - asked) * REST));
  }
}
