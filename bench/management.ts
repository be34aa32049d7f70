import { setTimeout as pause } from "node:timers/promises";
import { type ApiClient, apiClient } from "@entrepot/api/client";
import { ADMIN, type Peer } from "./peers.ts";

/** An Entrepot's policies, through its management API. */
export interface Management {
  /** Adds `target` as an endpoint and a policy that pushes `repositories` to it. Returns its id. */
  addPolicy(policy: NewPolicy): Promise<number>;
  /** Runs a policy and waits for its end. Throws an Error if the run did not succeed. */
  run(policyId: number): Promise<void>;
}

/** A policy that pushes to `target` under the same names. */
export interface NewPolicy {
  readonly target: Peer;
  /** A doublestar pattern. */
  readonly repositories: string;
  readonly trigger: "manual" | "event_based";
}

/**
 * How often a run is looked at, and with what part of the time that it has taken: that is the error
 * of its time. To look more often would take that from the copy itself.
 */
const LOOK_MS = 20;
const LOOK_PART = 0.02;

/** The management of `entrepot`, as admin. */
export function manage(entrepot: Peer): Management {
  const client = apiClient({ url: entrepot.url, credential: ADMIN });
  let made = 0;

  async function addPolicy({ target, repositories, trigger }: NewPolicy): Promise<number> {
    const name = `target-${++made}-${new URL(target.url).port}`;
    const docker = target.name === "docker-registry";
    const { created: registryId } = await client.registries.create({
      body: {
        name,
        type: docker ? "docker-registry" : "harbor",
        url: target.url,
        ...(!docker && {
          credential: { access_key: ADMIN.username, access_secret: ADMIN.password },
        }),
      },
    });
    const { created: policyId } = await client.policies.create({
      body: {
        name,
        dest_registry: { id: Number(registryId) },
        filters: [{ type: "name", value: repositories }],
        trigger: { type: trigger },
        enabled: true,
      },
    });
    return Number(policyId);
  }

  async function run(policyId: number): Promise<void> {
    const started = await client.executions.start({ body: { policy_id: policyId } });
    await ended(client, Number(started.created));
  }

  return { addPolicy, run };
}

async function ended(client: ApiClient, id: number): Promise<void> {
  const began = performance.now();
  for (;;) {
    const { body: execution } = await client.executions.get({ params: { id } });
    if (execution.status === "Succeed") return;
    if (execution.status !== "InProgress") {
      const { status, failed, total, status_text: why } = execution;
      throw new Error(`run ${id} ended as ${status}: ${failed} of ${total} tasks failed; ${why}`);
    }
    await pause(Math.max(LOOK_MS, (performance.now() - began) * LOOK_PART));
  }
}
