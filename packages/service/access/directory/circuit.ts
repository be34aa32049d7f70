import { RegistryError } from "@entrepot/oci";

/**
 * Runs `ask` for the service `key`, unless that was not to be reached a moment ago or has too much
 * to do: then it throws UNAVAILABLE at once, so that whoever waits for it does not tie up the rest.
 */
export type Circuit = <T>(key: string, ask: () => Promise<T>) => Promise<T>;

/** So long nobody asks again after a failure; the next one that asks finds out. */
const BROKEN_MS = 10_000;
const MOST_AT_ONCE = 32;

/**
 * A circuit that UNAVAILABLE breaks, for one service at a time; another `key` begins anew. What
 * `isAnswer` accepts breaks nothing: the service is there, and one question says nothing of others.
 */
export function openCircuit(
  clock: () => number = Date.now,
  isAnswer: (error: RegistryError) => boolean = () => false,
): Circuit {
  let known = "";
  let broken: { readonly until: number; readonly why: string } | null = null;
  let underWay = 0;

  return async (key, ask) => {
    if (key !== known) [known, broken] = [key, null];
    if (broken && broken.until > clock()) throw unavailable(broken.why);
    if (underWay >= MOST_AT_ONCE) {
      throw unavailable(`${MOST_AT_ONCE} logins wait for the directory already`);
    }
    underWay += 1;
    try {
      const answer = await ask();
      broken = null;
      return answer;
    } catch (error) {
      const failed = error instanceof RegistryError && error.code === "UNAVAILABLE";
      if (failed && key === known && !isAnswer(error)) {
        broken = { until: clock() + BROKEN_MS, why: error.message };
      }
      throw error;
    } finally {
      underWay -= 1;
    }
  };
}

function unavailable(why: string): RegistryError {
  return new RegistryError("UNAVAILABLE", `${why}; try again in some seconds`);
}
