import type { TaskRun } from "@entrepot/jobs";
import type { Site } from "./ports.ts";
import { ANNOUNCED_MS } from "./announced-copies.ts";
import { messageOf } from "./message-of.ts";
import type { Replica } from "./replicas.ts";

/** A copy to a registry that can let it be pulled before it has arrived. */
export interface Announced {
  readonly target: Pick<Site, "announce">;
  readonly endpointId: number;
  readonly replica: Pick<Replica, "repository" | "target">;
  readonly log: TaskRun["log"];
}

/** Says at targets what is being copied there, while it is. */
export interface Announcing {
  /** Does `work`; where that takes a while, the target is told, and told again as it goes on. */
  during<T>(copy: Announced, work: () => Promise<T>): Promise<T>;
}

/** A copy that is over sooner is not worth a request. */
const AFTER_MS = 300;
const EVERY_MS = ANNOUNCED_MS / 3;

/** Nothing announced yet. Copies of one repository that run at once are announced once. */
export function openAnnouncing(registryId: string): Announcing {
  const underWay = new Map<string, { copies: number; timer: NodeJS.Timeout }>();

  function begin(key: string, { target, replica, log }: Announced) {
    const tell = () => {
      const told = target.announce?.(replica.target, {
        registry: registryId,
        repository: replica.repository,
      });
      // The copy is no worse for it: it can be pulled when it has arrived.
      told?.catch((error: unknown) => log("info", `not announced there: ${messageOf(error)}`));
      known.timer = setTimeout(tell, EVERY_MS).unref();
    };
    const known = { copies: 0, timer: setTimeout(tell, AFTER_MS).unref() };
    underWay.set(key, known);
    return known;
  }

  return {
    async during(copy, work) {
      if (!copy.target.announce) return work();
      const { endpointId, replica } = copy;
      const key = `${endpointId}/${replica.target} ${replica.repository}`;
      const known = underWay.get(key) ?? begin(key, copy);
      known.copies++;
      try {
        return await work();
      } finally {
        if (--known.copies === 0) {
          clearTimeout(known.timer);
          underWay.delete(key);
        }
      }
    },
  };
}
