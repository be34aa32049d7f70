import { RegistryError } from "@entrepot/oci";
import { compareAll, readAgain, type Sides, type SidesOptions, sidesOf } from "./compare.ts";
import { planDeletions } from "./deletions.ts";
import { type Estimate, openEstimate } from "./estimate.ts";
import { type Counts, counted, type Decision, heldBack, NO_COUNTS, planRun } from "./plan-run.ts";
import { keyOf } from "./planner.ts";
import { withinProject } from "./policy-rules.ts";
import type { Policy } from "./ports.ts";

/** What a preview says as it goes; the last is `end`. */
export type PreviewEvent =
  | { readonly type: "names"; readonly decisions: readonly Decision[] }
  | { readonly type: "progress"; readonly compared: number; readonly counts: Counts }
  | ({ readonly type: "end" } & PreviewEnd);

/** A preview's sum. Counts are complete. */
export interface PreviewEnd {
  readonly counts: Counts;
  /** Deletions that the policy's ceiling would hold back until confirmed. */
  readonly held: number;
  readonly estimate: Estimate;
}

/** How to preview. */
export interface PreviewOptions {
  readonly signal: AbortSignal;
  /** Questions for the estimate of bytes. */
  readonly questions?: number;
}

/**
 * What a run of `policy` by hand would do now, by the same planner; changes and stores nothing. A
 * policy that is not stored has the id 0: nothing has been brought by it. Throws what either side
 * throws: a listing that breaks off is no plan.
 */
export async function* previewRun(
  parts: SidesOptions,
  given: Policy,
  { signal, questions }: PreviewOptions,
): AsyncGenerator<PreviewEvent> {
  const policy = await asStored(parts.catalog, given);
  const sides = await sidesOf(parts, policy, { giveBack: true, signal });
  const estimate = openEstimate(sides, questions);
  const listed = new Set<string>();
  let counts = NO_COUNTS;
  for await (const batch of compareAll(sides)) {
    for (const one of batch) listed.add(keyOf(one));
    const decisions = planRun(policy, await readAgain(parts.catalog.db, sides, batch), sides.rules);
    counts = counted(counts, decisions);
    await estimate.add(decisions);
    yield { type: "names", decisions };
    yield { type: "progress", compared: listed.size, counts };
  }
  const { decisions, held } = await deletionsOf(sides, listed);
  yield { type: "names", decisions };
  yield { type: "end", counts: counted(counts, decisions), held, estimate: estimate.sum };
}

/** Settings that belong to a project are narrowed to it when they are stored: see it that way. */
async function asStored(
  { db }: Pick<SidesOptions["catalog"], "db">,
  policy: Policy,
): Promise<Policy> {
  const { projectId } = policy;
  if (projectId === null) return policy;
  const project = await db
    .selectFrom("project")
    .select("name")
    .where("id", "=", projectId)
    .executeTakeFirst();
  if (!project) throw new RegistryError("NOT_FOUND", `project ${projectId} does not exist`);
  return { ...policy, ...withinProject(policy, project.name) };
}

async function deletionsOf(sides: Sides, listed: ReadonlySet<string>) {
  const { policy, catalog } = sides;
  if (!policy.deletion) return { decisions: [], held: 0 };
  const { decisions, replicated } = await planDeletions(catalog.db, sides, listed);
  return { decisions, held: heldBack(policy, decisions.length, replicated) };
}
