import { asDigest, type Digest, RegistryError } from "@entrepot/oci";
import type { Registry } from "@entrepot/registry";
import { header } from "../wire/index.ts";
import { authorizer } from "./authorizer.ts";
import { BoundedMap } from "./bounded-map.ts";
import { exchange } from "./exchange.ts";
import type { Fetch } from "./fetch.ts";
import { manifestMemory } from "./manifest-memory.ts";
import { manifestRequests } from "./manifest-requests.ts";
import { remoteCatalog } from "./remote-lists.ts";
import { remoteRepository } from "./remote-repository.ts";
import { remoteName } from "./remote.ts";
import type { BegunUpload, Remote } from "./remote.ts";
import { discard } from "./response-body.ts";
import type { ExchangeReport } from "./send.ts";
import type { Credential } from "./tokens.ts";
import { registryRoot } from "./trust.ts";
import { uploadRequests } from "./upload-requests.ts";

/** What a registry takes that others do not. */
export interface RemoteTakes {
  /** It takes a blob in a single POST: saves a request per small blob. */
  readonly singlePost?: boolean;
  /** What arrives of an upload counts at once: large blobs need no chunks. */
  readonly keepsParts?: boolean;
  /** It takes several `?tag=` with a manifest: saves a request per tag. */
  readonly multiTag?: boolean;
}

/** Which registry, on whose behalf, and how. */
export interface RemoteRegistryOptions extends RemoteTakes {
  /** `https://host[:port][/prefix]`. */
  readonly url: string;
  /** Absent: as anybody. */
  readonly credential?: Credential | undefined;
  /** Usually an `endpointFetch`, whose connections `close` then ends. */
  readonly fetch: Fetch & { close?(): Promise<void> };
  /** Unix time in milliseconds. */
  readonly clock?: () => number;
  readonly userAgent?: string;
  /** Sent with every request that changes something. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Hosts (`auth.example.com`) besides the registry's own that may hand out tokens, over https. */
  readonly trustedRealms?: readonly string[];
  /**
   * Digests of what refers to a manifest, as the registry tells them otherwise: asked where it has
   * no API for referrers, besides the fallback tag. Harbor's accessories are such.
   */
  readonly accessories?: (repository: string, subject: Digest) => Promise<readonly Digest[]>;
  /** Hears of every request as its answer begins. */
  readonly onExchange?: (report: ExchangeReport) => void;
}

/** A registry behind the distribution API. */
export interface RemoteRegistry extends Registry {
  /** The same registry, connections and tokens, with `headers` more on what changes something. */
  with(headers: Readonly<Record<string, string>>): RemoteRegistry;
  /**
   * The digest that `reference` names, or null: told most cheaply if it is the `expected` one.
   * Source: distribution-spec end-3, RFC 9110 §13.1.2.
   */
  named(repository: string, reference: string, expected: Digest): Promise<Digest | null>;
  /** The same registry, connections and tokens, once it is known what it takes. */
  taking(takes: RemoteTakes): RemoteRegistry;
  /**
   * Resolves if it answers as a registry and lets our account in. Throws UNREACHABLE, UNAUTHORIZED,
   * DENIED, UNAVAILABLE, or UNSUPPORTED if it is no registry. Source: distribution-spec end-1.
   */
  ping(): Promise<void>;
  /** Cancels uploads left over from refused mounts and ends the connections. */
  close(): Promise<void>;
}

const USER_AGENT = "entrepot-registry-client/0.1";
const MOST_BEGUN_UPLOADS = 256;

/** The registry at `options.url`. Sends nothing before it is asked something. */
export function remoteRegistry(options: RemoteRegistryOptions): RemoteRegistry {
  return registryOver(remoteOf(options), options.fetch);
}

function registryOver(remote: Remote, fetch: RemoteRegistryOptions["fetch"]): RemoteRegistry {
  return {
    repository: (name) => remoteRepository(remote, remoteName(name)),
    repositories: remoteCatalog(remote),
    async named(repository, reference, expected) {
      const name = remoteName(repository);
      const head = await manifestRequests(remote, name).head(reference, expected);
      if (!head) return null;
      if (head.status === 304) return expected;
      const told = asDigest(head.headers.get(header.CONTENT_DIGEST) ?? "");
      return told ?? (await remoteRepository(remote, name).resolve(reference))?.digest ?? null;
    },
    with: (headers) => registryOver({ ...remote, exchange: remote.exchange.with(headers) }, fetch),
    taking: (takes) => registryOver({ ...remote, ...takes }, fetch),
    async ping() {
      const about = "/v2/";
      const expect = [200, 404];
      const response = await remote.exchange({
        method: "GET",
        url: "/v2/",
        about,
        scopes: [],
        expect,
      });
      await discard(response);
      if (response.status === 200) return;
      const message = `${remote.root} is no OCI registry: it has no /v2/; check the address`;
      throw new RegistryError("UNSUPPORTED", message);
    },
    async close() {
      const begun = remote.begun.values();
      await Promise.all(begun.map((upload) => cancel(remote, upload)));
      await fetch.close?.();
    },
  };
}

function remoteOf(options: RemoteRegistryOptions): Remote {
  const { fetch, credential, clock = Date.now, userAgent = USER_AGENT } = options;
  const root = registryRoot(options.url);
  const { trustedRealms = [] } = options;
  const authority = { root, fetch, clock, userAgent, credential, trustedRealms };
  const remote: Remote = {
    root,
    clock,
    exchange: exchange({
      root,
      fetch,
      clock,
      userAgent,
      authorizer: authorizer(authority),
      probeFirst: credential !== undefined,
      headers: options.headers ?? {},
      onExchange: options.onExchange,
    }),
    singlePost: options.singlePost ?? false,
    keepsParts: options.keepsParts ?? false,
    multiTag: options.multiTag ?? false,
    accessories: options.accessories ?? (async () => []),
    manifests: manifestMemory(clock),
    begun: new BoundedMap<string, BegunUpload>(MOST_BEGUN_UPLOADS, (upload) => {
      void cancel(remote, upload);
    }),
    learned: { noReferrersUntil: 0, fallbackUpdates: new Map() },
  };
  return remote;
}

async function cancel(remote: Remote, { location, repository }: BegunUpload): Promise<void> {
  await uploadRequests(remote, repository).cancel(location);
}
