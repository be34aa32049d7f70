import type { Catalog } from "@entrepot/catalog";
import type { LagOver } from "@entrepot/events";
import { readLag } from "@entrepot/replication";

/** Replication policies that are behind, as webhooks are told of them. */
export async function lagOver({ db }: Pick<Catalog, "db">): Promise<LagOver[]> {
  const all = await readLag(db);
  return all
    .filter(({ enabled, oldest }) => enabled && oldest !== null)
    .map((lag) => ({
      policyId: lag.policyId,
      policyName: lag.policyName,
      projectId: lag.projectId,
      endpointName: lag.endpointName,
      seconds: lag.seconds,
      items: lag.items,
      bytes: lag.bytes,
      why: lag.oldest?.why ?? "",
    }));
}
