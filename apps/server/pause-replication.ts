import type { Actor, Catalog } from "@entrepot/catalog";
import { type ComingBack, RESTORED_FROM_BACKUP } from "@entrepot/recovery";
import { compileFilters, type Policy, type Replication } from "@entrepot/replication";
import { sql } from "kysely";

/**
 * Switches off the policies that would carry `what` elsewhere or overwrite it, until
 * `entrepot backup confirm`, and notes them with those that come back. Answers all of them by name.
 * Repeating is safe.
 */
export async function pauseReplication(
  { catalog, replication }: { readonly catalog: Catalog; readonly replication: Replication },
  what: ComingBack,
  actor: Actor,
): Promise<string[]> {
  const policies = await replication.policies.list();
  const concerned = policies.filter((policy) => policy.enabled && concerns(policy, what));
  const names = [...new Set([...concerned.map(({ name }) => name), ...what.policies])];
  if (names.length === 0) return [];
  // First, so that nothing is off which a confirmation does not know.
  const both = (member: string, more: readonly string[]) => sql`(
    SELECT coalesce(jsonb_agg(DISTINCT name), '[]') FROM (
      SELECT jsonb_array_elements_text(setting.value -> ${member}) AS name
      UNION SELECT unnest(${[...more]}::text[])) AS names)`;
  await sql`
    INSERT INTO setting (key, value)
    SELECT ${RESTORED_FROM_BACKUP}, jsonb_build_object('policies', to_jsonb(${names}::text[]),
      'targets', '[]'::jsonb, 'timeline', timeline, 'projects', to_jsonb(${what.projects}::text[]))
    FROM journal_head
    ON CONFLICT (key) DO UPDATE SET value = setting.value
      || jsonb_build_object('policies', ${both("policies", names)})
      -- One of all of it stays that.
      || CASE WHEN setting.value ? 'projects'
        THEN jsonb_build_object('projects', ${both("projects", what.projects)}) ELSE '{}' END
  `.execute(catalog.db);
  for (const policy of concerned) {
    await replication.policies.update(policy.id, { ...policy, enabled: false }, actor);
  }
  return names;
}

function concerns(policy: Policy, { projects, repositories }: ComingBack): boolean {
  if (policy.srcEndpointId !== null) {
    const into = policy.destNamespace.split("/", 1)[0]!;
    return into === "" || projects.includes(into);
  }
  const selection = compileFilters(policy.filters);
  return repositories.some((name) => selection.repository(name));
}
