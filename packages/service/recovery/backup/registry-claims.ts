import { randomBytes } from "node:crypto";
import { setTimeout as pauseFor } from "node:timers/promises";
import { RegistryError } from "@entrepot/oci";
import { pages, type Repository } from "@entrepot/registry";
import { EMPTY, type PushManifest, unlessNone } from "./registry-manifests.ts";

/** What the manifests of claims say they are. */
const CLAIM_TYPE = "application/vnd.entrepot.backup.claim.v1";
/** No key's tag begins so: a `.` stands in those only that were cut, and far behind. */
const BEGIN = "claim.";
const PAGE = 20;
/** Another's claim that has been seen for so long is a dead process's. */
const ABANDONED_MS = 30_000;
/** What a claim is for is begun within this, or the claim is taken anew. */
const MOST_HELD_MS = 10_000;
const PATIENCE_MS = 300_000;
const [FIRST_PAUSE_MS, MOST_DOUBLINGS] = [40, 5];

/** The right of one writer, of any process anywhere, to store what is not there. */
interface Claim {
  /** Whether there is time enough to begin. */
  isFresh(): boolean;
  /** Whether nobody has taken this writer for dead meanwhile. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/** How time passes, where a test decides. */
export interface ClaimTime {
  /** Milliseconds that only grow. */
  readonly clock?: (() => number) | undefined;
  readonly pause?: ((ms: number) => Promise<unknown>) | undefined;
  readonly random?: (() => number) | undefined;
}

/** What one writer tries to claim a repository with. */
interface Claims {
  /**
   * Null when it had to wait: something may have been stored meanwhile. Throws CONFLICT when that
   * has lasted for minutes.
   */
  take(): Promise<Claim | null>;
}

/**
 * Claims on a repository, had by one writer at a time. Each is an artifact of its own: a writer
 * stores one first and looks for others afterwards, so of two at least one sees the other, and
 * withdraws. One that has been seen for half a minute was left by a process that died: it goes.
 */
export function openClaims(
  repository: () => Promise<Repository>,
  push: PushManifest,
  { clock = () => performance.now(), pause = pauseFor, random = Math.random }: ClaimTime = {},
): Claims {
  const seen = new Map<string, number>();
  const began = clock();
  let tries = 0;

  const others = async (mine: string | null): Promise<number> => {
    const found = new Set((await claimsIn(await repository())).filter((tag) => tag !== mine));
    for (const tag of seen.keys()) if (!found.has(tag)) seen.delete(tag);
    for (const tag of found) seen.set(tag, seen.get(tag) ?? clock());
    return found.size;
  };
  const wait = async (): Promise<null> => {
    if (clock() - began > PATIENCE_MS) {
      const message = "other processes have been writing to this place for minutes; run again";
      throw new RegistryError("CONFLICT", message);
    }
    const there = await repository();
    for (const [tag, since] of seen) {
      const left = clock() - since < ABANDONED_MS ? null : await there.resolve(tag);
      if (left) await there.delete(left.digest);
    }
    await pause(FIRST_PAUSE_MS * (1 + random()) * 2 ** Math.min(tries++, MOST_DOUBLINGS));
    return null;
  };
  return {
    async take() {
      if ((await others(null)) > 0) return await wait();
      const taken = clock();
      const tag = BEGIN + randomBytes(10).toString("hex");
      // Of its own digest, so that it goes without any other.
      const annotations = { "vnd.entrepot.claim": tag };
      const manifest = { artifactType: CLAIM_TYPE, layers: [EMPTY], annotations };
      const { digest } = await push(manifest, tag);
      const claim: Claim = {
        isFresh: () => clock() - taken < MOST_HELD_MS,
        isHeld: async () => (await (await repository()).resolve(tag)) !== null,
        release: async () => void (await (await repository()).delete(digest)),
      };
      let isAlone = false;
      try {
        isAlone = (await others(tag)) === 0;
      } finally {
        if (!isAlone) await claim.release();
      }
      return isAlone ? claim : await wait();
    },
  };
}

/** Tags of all claims that there are. */
async function claimsIn(there: Repository): Promise<string[]> {
  const found: string[] = [];
  const ask = (query: { last?: string }) =>
    there.tags({ n: PAGE, last: query.last ?? BEGIN }).catch(unlessNone);
  for await (const tag of pages(ask)) {
    if (tag.startsWith(BEGIN)) found.push(tag);
    else if (tag > BEGIN) break;
  }
  return found;
}
