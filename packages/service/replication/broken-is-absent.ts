import { exchangeOf } from "@entrepot/oci";
import type { Repository } from "@entrepot/registry";

const FAULT = 500;

/**
 * `target`, to be copied to: of what it answers with status 500 when asked for it, it has nothing.
 * A registry that was killed while it wrote a name may answer so for ever, and a new push mends it:
 * docker-registry with an empty link. One that has another fault refuses that push as well.
 */
export function brokenIsAbsent(target: Repository): Repository {
  return {
    ...target,
    resolve: (reference) => target.resolve(reference).catch(nullIfBroken),
    stat: (digest) => target.stat(digest).catch(nullIfBroken),
  };
}

function nullIfBroken(error: unknown): null {
  if (exchangeOf(error)?.status === FAULT) return null;
  throw error;
}
