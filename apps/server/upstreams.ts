import type { Catalog } from "@entrepot/catalog";
import { isTag, projectOf } from "@entrepot/oci";
import type { Arriving, Upstream, Wanted } from "@entrepot/proxy";
import type { Replication } from "@entrepot/replication";
import { sql } from "kysely";

/** Which repositories have another registry behind them. */
export interface Upstreams {
  /** Where a proxy's `repository` is fetched from; null for others. */
  of(repository: string): Upstream | null;
  /** Who is copying to `repository`: pull policies here, and registries that have said so. */
  arrivingAt(repository: string): Promise<readonly Arriving[]>;
  /** The endpoint of a proxy's repository, and its name there; null if it is no proxy's. */
  source(repository: string): { readonly id: number; readonly name: string } | null;
  /** Looks again: after a change here, and once before the first request. */
  refresh(): Promise<void>;
}

/** What proxies and policies said when it was last looked. */
interface Known {
  /** Endpoint and its type, by project. */
  readonly proxies: ReadonlyMap<string, { id: number; type: string }>;
  /** By repository here. */
  readonly copying: ReadonlyMap<string, readonly Copying[]>;
}

/** What is copied to `target` from repository `name` of endpoint `id`. */
interface Copying {
  readonly target: string;
  readonly id: number;
  readonly name: string;
  /** Its registry is the one that copies, and knows what; else a policy of ours does. */
  readonly announced: boolean;
}

/** How old what is known may be; another node's changes are seen this much later. */
const OLD_MS = 1_000;
/** Repositories that can be pulled while they are copied. */
const MOST_COPYING = 10_000;
/** Names told of a repository at a time. */
const MOST_WANTED = 100;

/**
 * The upstreams of proxy projects, and of what policies have still to bring. Looked up once a
 * second at most; only who asks for what is not here waits for it.
 */
export function openUpstreams(
  catalog: Catalog,
  { endpoints }: Pick<Replication, "endpoints">,
  onError: (error: unknown) => void,
): Upstreams {
  let known: Known = { proxies: new Map(), copying: new Map() };
  let at = 0;
  let looking: Promise<void> | null = null;
  const refresh = async () => {
    const begun = performance.now();
    known = await look(catalog);
    at = begun;
  };
  const refreshed = async () => {
    if (performance.now() - at < OLD_MS) return;
    looking ??= refresh().finally(() => (looking = null));
    await looking;
  };
  const origin = { registry: catalog.registryId, seq: 0, path: [catalog.registryId] };
  const open = async (id: number, name: string) =>
    (await endpoints.site(id)).registry(origin).repository(name);
  const askFor = pendingNames(catalog, endpoints);

  return {
    refresh,
    source(repository) {
      const proxy = known.proxies.get(projectOf(repository));
      return proxy ? { id: proxy.id, name: nameThere(repository, proxy.type) } : null;
    },
    of(repository) {
      if (performance.now() - at > OLD_MS) void refreshed().catch(onError);
      const proxy = known.proxies.get(projectOf(repository));
      return proxy ? { open: () => open(proxy.id, nameThere(repository, proxy.type)) } : null;
    },
    async arrivingAt(repository) {
      await refreshed();
      return (known.copying.get(repository) ?? []).map((copying) => ({
        key: `${copying.id}/${copying.name}`,
        wanted: (reference) => askFor(copying, reference),
        open: () => open(copying.id, copying.name),
      }));
    },
  };
}

/** The name without the project; Docker Hub's own images are in `library`. */
function nameThere(repository: string, type: string): string {
  const name = repository.slice(repository.indexOf("/") + 1);
  return type === "docker-hub" && !name.includes("/") ? `library/${name}` : name;
}

type AskFor = (copying: Copying, reference: string) => Promise<readonly Wanted[]>;

/**
 * What is still to come. Of what another registry copies here that registry itself is asked: an
 * announcement says no more than that it is worth asking. Those who ask at once ask once.
 */
function pendingNames(catalog: Catalog, endpoints: Replication["endpoints"]): AskFor {
  const ask = async (copying: Copying, reference: string) => {
    const { id, name, target } = copying;
    if (!copying.announced) return wantedHere(catalog, copying, reference);
    const { site } = await endpoints.reach(id);
    const tag = isTag(reference) ? reference : undefined;
    const sending = (await site.sending?.(name, catalog.registryId, tag)) ?? [];
    return sending.filter((one) => one.target === target);
  };
  const asking = new Map<string, Promise<readonly Wanted[]>>();
  return (copying, reference) => {
    const { id, name, target, announced } = copying;
    const about = announced && !isTag(reference) ? "" : reference;
    const key = JSON.stringify([id, name, target, announced, about]);
    const asked = asking.get(key) ?? ask(copying, reference).finally(() => asking.delete(key));
    asking.set(key, asked);
    return asked;
  };
}

async function wantedHere(
  { db }: Catalog,
  { id, name, target }: Copying,
  reference: string,
): Promise<readonly Wanted[]> {
  const { rows } = await sql<Wanted>`
    SELECT reference, wanted AS digest
    FROM replica JOIN replication_policy policy ON policy.id = replica.policy_id
    WHERE policy.src_endpoint_id = ${id} AND policy.enabled AND replica.repository = ${name}
      AND target = ${target} AND wanted IS NOT NULL AND wanted IS DISTINCT FROM arrived
    ORDER BY reference = ${reference} OR wanted = ${reference} DESC, wanted_since, reference
    LIMIT ${MOST_WANTED}
  `.execute(db);
  return rows;
}

async function look({ db }: Catalog): Promise<Known> {
  const [proxies, copying] = await Promise.all([
    db
      .selectFrom("project")
      .innerJoin("registry_endpoint", "registry_endpoint.id", "project.registry_id")
      .select(["project.name", "registry_endpoint.id", "registry_endpoint.type"])
      .execute(),
    sql<Copying>`
      SELECT DISTINCT target, policy.src_endpoint_id AS id, replica.repository AS name,
             false AS announced
      FROM replica JOIN replication_policy policy ON policy.id = replica.policy_id
      WHERE policy.src_endpoint_id IS NOT NULL AND policy.enabled
        AND wanted IS NOT NULL AND wanted IS DISTINCT FROM arrived
      UNION
      SELECT repository, endpoint.id, source, true
      FROM announced_copy JOIN registry_endpoint endpoint ON endpoint.peer_id = registry
      WHERE until > clock_timestamp()
      LIMIT ${MOST_COPYING}
    `.execute(db),
  ]);
  return {
    proxies: new Map(proxies.map(({ name, id, type }) => [name, { id, type }])),
    copying: Map.groupBy(copying.rows, ({ target }) => target),
  };
}
