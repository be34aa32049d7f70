import { distributionServer } from "@entrepot/distribution/server";
import { handlerFetch } from "@entrepot/distribution/client";
import { memoryRegistry, type Registry } from "@entrepot/registry";
import { type EndpointAddress, type PolicySettings, type Site } from "@entrepot/replication";
import { EVERYTHING } from "@entrepot/replication/testing";
import { siteOver } from "@entrepot/server/testing";
import { CALM, faultyLink, type Weather } from "./faulty-link.ts";
import { ADMIN, makeNode, type Node } from "./node.ts";
import { type Chance, chanceOf } from "./seed.ts";

/** Who replicates to whom, by name. */
export type Edge = readonly [from: string, to: string];

/** What a world is made of. */
export interface WorldOptions {
  readonly seed: number;
  /** Entrepots. */
  readonly nodes: readonly string[];
  /** Plain registries: they speak the distribution API and nothing else. */
  readonly plain?: readonly string[];
  readonly topology: readonly Edge[];
  /** What differs from an event-based policy that sends everything, deletions too. */
  readonly policy?: Partial<PolicySettings>;
}

/** Several registries in this process, and the links between them. */
export interface World {
  readonly seed: number;
  readonly chance: Chance;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly topology: readonly Edge[];
  /** Every registry's name. */
  readonly names: readonly string[];
  /** What `name` has, asked within it: no link is in between. Throws while it is dead. */
  inside(name: string): Registry;
  /** Sets how all links behave. */
  weather(now: Weather): void;
  /** Lets no request of `from` reach `to`, until `mend`. */
  cut(from: string, to: string): void;
  mend(from: string, to: string): void;
  close(): Promise<void>;
}

/** What every request of a client inside a node is made as. */
const READER = { name: "reader", cause: "reading" };

/** Opens a world in which the sun shines: its policies are set up, and nothing is in it. */
export async function makeWorld(options: WorldOptions): Promise<World> {
  const { seed, topology, plain = [] } = options;
  const parted = new Set<string>();
  const nodes = new Map<string, Node>();
  const plainRegistries = new Map(plain.map((name) => [name, plainRegistry()]));
  let weather = CALM;

  const lifeOf = (name: string) =>
    plainRegistries.has(name) ? 0 : (nodes.get(name)?.life() ?? null);
  const connectFrom = (from: string) => {
    const chances = new Map<string, Chance>();
    return (address: EndpointAddress): Site => {
      const to = new URL(address.url).hostname.replace(/\.test$/, "");
      // One per link, whatever connects: its fates do not depend on how often that happens.
      const chance = chances.get(to) ?? chanceOf(hash(`${seed} ${from} ${to}`));
      chances.set(to, chance);
      const line = () => {
        const [here, there] = [lifeOf(from), lifeOf(to)];
        return here === null || there === null || parted.has(`${from} ${to}`)
          ? null
          : `${here} ${there}`;
      };
      const send = handlerFetch((request) => {
        const target = plainRegistries.get(to)?.handle ?? nodes.get(to)?.handle;
        return target!(request);
      });
      const born = lifeOf(from);
      // A site of a former life has nobody behind it any more.
      const own = () => (born !== null && lifeOf(from) !== born ? null : line());
      const link = faultyLink(send, { chance, weather: () => weather, line: own });
      return siteOver(link, address);
    };
  };

  const skews = chanceOf(seed + 6);
  for (const name of options.nodes) {
    const skewMs = skews.between(-300, 300) * 1_000;
    nodes.set(name, await makeNode(name, connectFrom(name), skewMs));
  }
  for (const edge of topology) {
    const isPlain = plainRegistries.has(edge[1]);
    await setUp(nodes, edge, isPlain ? "docker-registry" : "harbor", options.policy);
  }
  return {
    seed,
    chance: chanceOf(seed),
    nodes,
    topology,
    names: [...options.nodes, ...plain],
    inside: (name) =>
      plainRegistries.get(name)?.registry ?? nodes.get(name)!.server().content.as(READER),
    weather: (now) => void (weather = now),
    cut: (from, to) => void parted.add(`${from} ${to}`),
    mend: (from, to) => void parted.delete(`${from} ${to}`),
    close: async () => {
      await Promise.all([...nodes.values()].map((node) => node.close()));
    },
  };
}

function plainRegistry() {
  const registry = memoryRegistry();
  return { registry, handle: distributionServer({ open: async () => registry }) };
}

async function setUp(
  nodes: ReadonlyMap<string, Node>,
  [from, to]: Edge,
  type: string,
  policy: Partial<PolicySettings> = {},
): Promise<void> {
  const { replication } = nodes.get(from)!.server();
  const actor = { name: ADMIN.username, cause: "set up" };
  const endpoint = await replication.endpoints.create(
    {
      name: to,
      description: "",
      type,
      url: `http://${to}.test`,
      credentialType: "basic",
      accessKey: type === "harbor" ? ADMIN.username : "",
      accessSecret: type === "harbor" ? ADMIN.password : "",
      insecure: false,
      caCertificate: "",
      options: {},
    },
    actor,
  );
  await replication.policies.create(
    {
      ...EVERYTHING,
      name: `to ${to}`,
      destEndpointId: endpoint,
      ...policy,
    },
    actor,
  );
}

/** A number of `text`: FNV-1a. */
function hash(text: string): number {
  let found = 0x811c9dc5;
  for (const byte of Buffer.from(text)) found = Math.imul(found ^ byte, 0x01000193) >>> 0;
  return found;
}
