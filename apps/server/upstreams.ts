import type { Catalog } from "@entrepot/catalog";
import { projectOf } from "@entrepot/oci";
import type { Upstream } from "@entrepot/proxy";
import type { Replication } from "@entrepot/replication";
import { sql } from "kysely";

/** Which repositories have another registry behind them. */
export interface Upstreams {
  /** Where `repository` is fetched from; null where it is only here. */
  of(repository: string): Upstream | null;
  /** The endpoint of a proxy's repository, and its name there; null if it is no proxy's. */
  source(repository: string): { readonly id: number; readonly name: string } | null;
  /** Looks again: after a change here, and once before the first request. */
  refresh(): Promise<void>;
}

/** What proxies and policies said when it was last looked. */
interface Known {
  /** Endpoint and its type, by project. */
  readonly proxies: ReadonlyMap<string, { id: number; type: string }>;
  /** What pull policies are copying: endpoint and name there, by repository here. */
  readonly copying: ReadonlyMap<string, { id: number; name: string }>;
}

/** How old what is known may be; another node's changes are seen this much later. */
const OLD_MS = 1_000;
/** Repositories that can be pulled while they are copied. */
const MOST_COPYING = 10_000;

/**
 * The upstreams of proxy projects, and of what pull policies have still to bring. Looked up once a
 * second at most and behind the requests, so that none waits for it.
 */
export function openUpstreams(
  catalog: Catalog,
  { endpoints }: Pick<Replication, "endpoints">,
  onError: (error: unknown) => void,
): Upstreams {
  let known: Known = { proxies: new Map(), copying: new Map() };
  let at = 0;
  const refresh = async () => {
    at = performance.now();
    known = await look(catalog);
  };
  const origin = { registry: catalog.registryId, seq: 0, path: [catalog.registryId] };
  const open = async (id: number, name: string) =>
    (await endpoints.site(id)).registry(origin).repository(name);

  return {
    refresh,
    source(repository) {
      const proxy = known.proxies.get(projectOf(repository));
      return proxy ? { id: proxy.id, name: nameThere(repository, proxy.type) } : null;
    },
    of(repository) {
      if (performance.now() - at > OLD_MS) void refresh().catch(onError);
      const proxy = known.proxies.get(projectOf(repository));
      if (proxy) {
        return { keeps: true, open: () => open(proxy.id, nameThere(repository, proxy.type)) };
      }
      const source = known.copying.get(repository);
      return source ? { keeps: false, open: () => open(source.id, source.name) } : null;
    },
  };
}

/** The name without the project; Docker Hub's own images are in `library`. */
function nameThere(repository: string, type: string): string {
  const name = repository.slice(repository.indexOf("/") + 1);
  return type === "docker-hub" && !name.includes("/") ? `library/${name}` : name;
}

async function look({ db }: Catalog): Promise<Known> {
  const [proxies, copying] = await Promise.all([
    db
      .selectFrom("project")
      .innerJoin("registry_endpoint", "registry_endpoint.id", "project.registry_id")
      .select(["project.name", "registry_endpoint.id", "registry_endpoint.type"])
      .execute(),
    sql<{ target: string; id: number; name: string }>`
      SELECT DISTINCT ON (target) target, replica.repository AS name, policy.src_endpoint_id AS id
      FROM replica JOIN replication_policy policy ON policy.id = replica.policy_id
      WHERE policy.src_endpoint_id IS NOT NULL AND policy.enabled
        AND wanted IS NOT NULL AND wanted IS DISTINCT FROM arrived
      ORDER BY target LIMIT ${MOST_COPYING}
    `.execute(db),
  ]);
  return {
    proxies: new Map(proxies.map(({ name, id, type }) => [name, { id, type }])),
    copying: new Map(copying.rows.map(({ target, id, name }) => [target, { id, name }])),
  };
}
