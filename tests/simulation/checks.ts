import { compareWithTables } from "@entrepot/catalog";
import { childrenOf, type Descriptor, isManifestType, parseManifest } from "@entrepot/oci";
import { collect, pages, type Repository, verified } from "@entrepot/registry";
import { type Clients, EVERYBODY } from "./changes.ts";
import type { Node } from "./node.ts";
import { reachedFrom } from "./topologies.ts";
import type { World } from "./world.ts";

/** What is wrong in `world` once it is at rest: tags that differ, holes, a journal that lies. */
export async function faultsOf(world: World, clients: Clients): Promise<string[]> {
  const tags = new Map<string, ReadonlyMap<string, string>>();
  for (const name of world.names) tags.set(name, await tagsOf(world, name));
  const faults = differences(world, clients, tags);
  for (const name of world.names) {
    for (const key of tags.get(name)!.keys()) faults.push(...(await holesUnder(world, name, key)));
  }
  for (const node of world.nodes.values()) faults.push(...(await recordFaults(node, clients)));
  return faults;
}

/** Every tag at `name`, as `repository:tag`, with its digest. */
export async function tagsOf(world: World, name: string): Promise<Map<string, string>> {
  const registry = world.inside(name);
  const found = new Map<string, string>();
  for await (const of of pages((query) => registry.repositories(query))) {
    const repository = registry.repository(of);
    try {
      for await (const tag of pages((query) => repository.tags(query))) {
        const content = await repository.resolve(tag);
        if (content) found.set(`${of}:${tag}`, content.digest);
      }
    } catch (error) {
      // An undo may take it away while we look.
      if ((error as { code?: unknown }).code !== "NAME_UNKNOWN") throw error;
    }
  }
  return found;
}

/** A tag is as its owner has it wherever its owner's changes come to, and nowhere else. */
function differences(
  { names, topology }: World,
  clients: Clients,
  tags: ReadonlyMap<string, ReadonlyMap<string, string>>,
): string[] {
  const all = new Set([...tags.values()].flatMap((of) => [...of.keys()]));
  const faults: string[] = [];
  for (const key of all) {
    const at = key.lastIndexOf(":");
    const owner = clients.ownerOf(key.slice(0, at), key.slice(at + 1));
    if (owner === EVERYBODY) {
      faults.push(...quarrels({ names, topology }, key, tags));
      continue;
    }
    const wanted = tags.get(owner)?.get(key);
    const reached = reachedFrom(topology, owner);
    for (const name of names) {
      const expected = reached.has(name) ? wanted : undefined;
      const found = tags.get(name)!.get(key);
      if (found !== expected) {
        faults.push(`${name} has ${key} as ${found}, but ${owner} as ${expected}`);
      }
    }
  }
  return faults;
}

/** What everybody writes is the same on registries that hear of each other. */
function quarrels(
  { names, topology }: Pick<World, "names" | "topology">,
  key: string,
  tags: ReadonlyMap<string, ReadonlyMap<string, string>>,
): string[] {
  const faults: string[] = [];
  for (const one of names) {
    for (const other of reachedFrom(topology, one)) {
      if (other <= one || !reachedFrom(topology, other).has(one)) continue;
      const [mine, theirs] = [tags.get(one)!.get(key), tags.get(other)!.get(key)];
      if (mine !== theirs) faults.push(`${one} has ${key} as ${mine}, but ${other} as ${theirs}`);
    }
  }
  return faults;
}

/** What is missing or damaged below `repository:tag` at `name`, if the tag is there. */
export async function holesUnder(world: World, name: string, key: string): Promise<string[]> {
  const at = key.lastIndexOf(":");
  const repository = world.inside(name).repository(key.slice(0, at));
  const root = await repository.resolve(key.slice(at + 1));
  if (!root) return [];
  const hole = await holeUnder(repository, root);
  if (!hole) return [];
  // It may have been deleted while we looked.
  const isThere = await repository.resolve(root.digest);
  return isThere ? [`${name} shows ${key} (${root.digest}) with a hole: ${hole}`] : [];
}

async function holeUnder(repository: Repository, content: Descriptor): Promise<string | null> {
  const { digest } = content;
  try {
    const bytes = await collect(verified(await repository.fetch(content), content), 1 << 24);
    if (!isManifestType(content.mediaType)) return null;
    const { blobs, manifests } = childrenOf(parseManifest(bytes, content.mediaType));
    for (const child of [...manifests, ...blobs]) {
      const hole = await holeUnder(repository, child);
      if (hole) return hole;
    }
    return null;
  } catch (error) {
    return `${digest}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** A journal that differs from the tables; more entries or executions than changes can excuse. */
async function recordFaults(node: Node, clients: Clients): Promise<string[]> {
  const records = await node.records();
  const faults = (await compareWithTables(records)).map(
    ({ kind, key }) => `${node.name}: journal and tables differ on ${kind} ${key}`,
  );
  const head = await records.head();
  // A change is an index, two images and three tags at most, and everything may come twice.
  const most = 50 + clients.count() * 12;
  if (head > most) faults.push(`${node.name}: ${head} journal entries; at most ${most} expected`);
  const { executions } = await records.db
    .selectFrom("execution")
    .select((row) => row.fn.countAll<number>().as("executions"))
    .executeTakeFirstOrThrow();
  if (executions > 4 * most) faults.push(`${node.name}: ${executions} executions`);
  return faults;
}
