import type { Actor, Catalog } from "@entrepot/catalog";
import type { Jobs, NewTask } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import type { CompileGlob } from "../immutable/rule-settings.ts";
import { isAbout, type RetentionPlan, type Verdict } from "./plan-retention.ts";
import type { RetentionPolicy, RetentionRule } from "./policy-settings.ts";
import { RETENTION, type RetentionPolicies } from "./retention-policies.ts";

/** What a run was started with: the rules as they were then. */
export interface RunPlan {
  readonly dryRun: boolean;
  readonly rules: readonly RetentionRule[];
  /** The dry run whose plan it carries out; absent: it decides for itself. */
  readonly planOf?: number | undefined;
}

/** What a task of a run works on. */
export interface RunPayload {
  readonly [more: string]: unknown;
  readonly repository: string;
}

/** How a run is started. */
export interface RunRequest {
  readonly dryRun: boolean;
  readonly trigger: "manual" | "scheduled";
  readonly actor: string;
  /** A dry run of the policy: nothing is deleted that its plan does not delete. */
  readonly planOf?: number | undefined;
}

/** Runs of retention policies: one task per repository that a rule is about. */
export interface RetentionRuns {
  /**
   * Starts one; its id. Throws NOT_FOUND, and PRECONDITION while another one deletes and where
   * `planOf` is no finished dry run of the policy as it is.
   */
  start(policyId: number, request: RunRequest): Promise<number>;
  /** What a run is doing in `repository`, or has done; null before that is decided. */
  plan(executionId: number, repository: string): Promise<RetentionPlan | null>;
  /** What a run does, or would do, as far as it is decided: by repository, in the plan's order. */
  items(
    executionId: number,
    query: { verdict?: Verdict["verdict"] | undefined; page: number; pageSize: number },
  ): Promise<{ items: (Verdict & { readonly repository: string })[]; total: number }>;
  /** How many artifacts tasks of a run looked at, and how many of them stay, by repository. */
  counts(executionId: number): Promise<ReadonlyMap<string, { total: number; retained: number }>>;
}

/** What starting a run needs. */
export interface RunsOptions {
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  readonly glob: CompileGlob;
  readonly policies: RetentionPolicies;
}

/** The runs of `policies`. */
export function openRetentionRuns(options: RunsOptions): RetentionRuns {
  const { catalog, jobs, policies, glob } = options;
  return {
    async start(policyId, { dryRun, trigger, actor, planOf }) {
      const policy = await policies.get(policyId);
      if (!policy) throw unknown(policyId);
      if (!dryRun) await refuseSecond(jobs, policyId);
      const names = await repositoriesOf(catalog, policy.projectId);
      if (planOf !== undefined) await checkShown(jobs, policy, planOf);
      const tasks = names
        .filter((name) => rulesFor(policy.rules, name, glob).length > 0)
        .map((repository): NewTask => {
          const payload: RunPayload = { repository };
          return { kind: RETENTION, lane: `retention:${repository}`, payload };
        });
      const plan: RunPlan = { dryRun, rules: policy.rules, planOf };
      return jobs.execute({
        vendor: RETENTION,
        vendorId: policyId,
        trigger,
        actor,
        plan,
        tasks,
        statusText: tasks.length === 0 ? "no rule is about any repository" : "",
      });
    },

    async plan(executionId, repository) {
      const row = await catalog.db
        .selectFrom("retention_plan")
        .selectAll()
        .where("execution_id", "=", executionId)
        .where("repository", "=", repository)
        .executeTakeFirst();
      if (!row) return null;
      const { total, retained } = row;
      return { items: row.items as readonly Verdict[], total, retained };
    },

    items: (executionId, query) => readItems(catalog, executionId, query),

    async counts(executionId) {
      const rows = await catalog.db
        .selectFrom("retention_plan")
        .select(["repository", "total", "retained"])
        .where("execution_id", "=", executionId)
        .execute();
      return new Map(rows.map(({ repository, ...counts }) => [repository, counts]));
    },
  };
}

async function readItems(
  { db }: Catalog,
  executionId: number,
  { verdict, page, pageSize }: Parameters<RetentionRuns["items"]>[1],
): ReturnType<RetentionRuns["items"]> {
  const found = sql`FROM retention_plan,
      jsonb_array_elements(items) WITH ORDINALITY AS one (item, place)
    WHERE execution_id = ${executionId}::integer
      AND (${verdict ?? null}::text IS NULL OR item ->> 'verdict' = ${verdict ?? null})`;
  const { rows } = await sql<{ item: Verdict & { repository: string } }>`
    SELECT item || jsonb_build_object('repository', repository) AS item ${found}
    ORDER BY repository, place LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}
  `.execute(db);
  const { rows: counted } = await sql<{ total: number }>`
    SELECT count(*)::integer AS total ${found}
  `.execute(db);
  return { items: rows.map(({ item }) => item), total: counted[0]!.total };
}

/** The rules that are about `repository`, its full name. */
export function rulesFor(
  rules: readonly RetentionRule[],
  repository: string,
  glob: CompileGlob,
): readonly RetentionRule[] {
  const name = repository.slice(repository.indexOf("/") + 1);
  return rules.filter((rule) => isAbout(rule, name, glob));
}

async function repositoriesOf({ db }: Catalog, projectId: number): Promise<string[]> {
  const rows = await db
    .selectFrom("repository")
    .select("name")
    .where("project_id", "=", projectId)
    .orderBy("name")
    .execute();
  return rows.map(({ name }) => name);
}

/** Two would each count what the other is about to delete. */
async function refuseSecond(jobs: Jobs, vendorId: number): Promise<void> {
  const query = { vendor: RETENTION, vendorId, status: "Running", page: 1, pageSize: 100 } as const;
  const { items } = await jobs.executions(query);
  const other = items.find(({ plan }) => !(plan as RunPlan).dryRun);
  if (!other) return;
  const text = `execution ${other.id} of this policy is running; wait for it, or stop it`;
  throw new RegistryError("PRECONDITION", text);
}

/** Whoever agreed to a plan agreed to these rules and to all of it. */
async function checkShown(jobs: Jobs, policy: RetentionPolicy, planOf: number): Promise<void> {
  const shown = await jobs.execution(planOf);
  const plan = shown?.plan as RunPlan | undefined;
  const ofPolicy = shown?.vendor === RETENTION && shown.vendorId === policy.id;
  const why =
    !ofPolicy || !plan!.dryRun
      ? `execution ${planOf} is no dry run of this policy`
      : shown.status !== "Success"
        ? `dry run ${planOf} has not succeeded`
        : JSON.stringify(plan!.rules) === JSON.stringify(policy.rules)
          ? null
          : `the policy's rules have changed since dry run ${planOf}`;
  if (why) throw new RegistryError("PRECONDITION", `${why}; start a dry run and read its plan`);
}

function unknown(id: number): RegistryError {
  return new RegistryError("NOT_FOUND", `retention policy ${id} does not exist`);
}

/** Starts what a schedule is due for; one that is running already is enough. */
export function onSchedule(runs: RetentionRuns) {
  return async (policyId: number): Promise<void> => {
    const actor: Actor["name"] = "system:retention";
    try {
      await runs.start(policyId, { dryRun: false, trigger: "scheduled", actor });
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      if (error.code !== "PRECONDITION" && error.code !== "NOT_FOUND") throw error;
    }
  };
}
