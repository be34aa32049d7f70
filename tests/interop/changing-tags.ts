import type { Sample } from "@entrepot/registry/samples";
import type { Chance } from "../simulation/seed.ts";
import type { EndpointPlace } from "./entrepot-api.ts";
import { makeImage, makeTwoPlatforms } from "./images.ts";
import * as client from "./push-client.ts";

/** Something that a client does; `givenUp` is aborted when nobody will answer it any more. */
export type Work = (givenUp: AbortSignal) => Promise<void>;

/**
 * Returns what changes one of twenty tags of two repositories of `registry`, as `chance` has it: a
 * client that pushes, moves and deletes, again until it is answered. `acknowledged` then has the
 * digest of each `repository:tag`.
 */
export function changingTags(
  registry: EndpointPlace,
  chance: Chance,
  acknowledged: Map<string, string>,
): Work {
  const made: Sample[] = [];
  const newImage = () => makeImage({ files: { made: chance.bytes(chance.between(100, 50_000)) } });
  return async (givenUp) => {
    const name = chance.oneOf(["library/a", "library/b/c"]);
    const tag = `t${chance.between(0, 9)}`;
    const key = `${name}:${tag}`;
    const dice = chance.random();
    // From here until it is acknowledged, it may be there or not.
    acknowledged.delete(key);
    if (dice < 0.15) {
      return client.untilAcknowledged(() => client.deleteTag(registry, name, tag), givenUp);
    }
    if (dice < 0.7 || made.length === 0) made.push(dice < 0.55 ? newImage() : makeTwoPlatforms());
    const image = dice < 0.7 ? made.at(-1)! : chance.oneOf(made);
    await client.untilAcknowledged(() => client.pushOnce(registry, name, image, tag), givenUp);
    acknowledged.set(key, image.content.digest);
  };
}

/** Does `work` again and again until `end` has come. Returns or throws when both are over. */
export async function untilEndOf(end: Promise<void>, work: Work): Promise<void> {
  let goesOn = true;
  const failed = new AbortController();
  const working = (async () => {
    while (goesOn) await work(failed.signal);
  })();
  end.catch((reason: unknown) => failed.abort(reason));
  const ending = end.finally(() => {
    goesOn = false;
  });
  // Work that nobody answers follows from an end that failed, which is therefore told first.
  const both = await Promise.allSettled([ending, working]);
  for (const one of both) if (one.status === "rejected") throw one.reason;
}
