import type { Catalog } from "@entrepot/catalog";
import type { CopyOptions, Throttle, Transfers } from "@entrepot/registry";
import { allOf, policyRate, taskRate, tokenBucket } from "./bandwidth.ts";
import { blobTransfers } from "./blob-transfers.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Policies } from "./policies.ts";
import type { Policy, SecretBox } from "./ports.ts";

/** How blobs travel. */
export interface Transport {
  /** For one task of `policy`: within its rates, and to be gone on with after a kill. */
  of(policy: Policy): Pick<CopyOptions, "transfers" | "chunked" | "throttle">;
  /** The same to endpoint `id`, where no policy says anything. */
  to(endpointId: number): { readonly transfers: Transfers; readonly throttle: Throttle };
}

/** How old a setting may be that a running transfer goes by. */
const FRESH_MS = 1000;

/** What a transport needs. */
export interface TransportOptions {
  readonly catalog: Pick<Catalog, "db">;
  readonly box: SecretBox;
  readonly policies: Pick<Policies, "get">;
  readonly endpoints: Pick<Endpoints, "get">;
}

/**
 * Transfers as policies and endpoints say, those running included: their settings are read again
 * every second while bytes pass. Rates hold per node.
 */
export function openTransport(options: TransportOptions): Transport {
  const { policies, endpoints } = options;
  const transfers = blobTransfers(options.catalog, options.box);
  const ofEndpoint = eachOnce((id) => {
    const endpoint = fresh(() => endpoints.get(id));
    return tokenBucket(() => endpoint()?.options.bytesPerSecond ?? 0);
  });
  const ofPolicy = eachOnce((id) => {
    const policy = fresh(() => policies.get(id));
    const rate = (of: (found: Policy) => number) => () => {
      const found = policy();
      return found ? of(found) : 0;
    };
    return {
      all: tokenBucket(rate(({ options: said }) => policyRate(said, new Date()))),
      ofTask: () => tokenBucket(rate(({ options: said }) => taskRate(said))),
      know: policy.know,
    };
  });
  const rateOf = (endpointId: number) => {
    const bucket = ofEndpoint(endpointId);
    // Reads the endpoint's limit before the first byte passes.
    void bucket.isLimited;
    return bucket;
  };
  return {
    to: (id) => ({ transfers: transfers.to(id), throttle: rateOf(id) }),
    of(policy) {
      const endpointId = (policy.destEndpointId ?? policy.srcEndpointId)!;
      const { all, ofTask, know } = ofPolicy(policy.id);
      know(policy);
      const atEndpoint = rateOf(endpointId);
      return {
        transfers: transfers.to(policy.destEndpointId),
        chunked: policy.options.copyByChunk,
        throttle: allOf([ofTask(), all, atEndpoint]),
      };
    },
  };
}

/** `make` of each id, made when first asked for. There are as many as policies or endpoints. */
function eachOnce<T>(make: (id: number) => T): (id: number) => T {
  const made = new Map<number, T>();
  return (id) => {
    const found = made.get(id) ?? make(id);
    made.set(id, found);
    return found;
  };
}

/** What `load` said last; asked again in the background when that is a second old. */
function fresh<T>(load: () => Promise<T | null>) {
  let value: T | null = null;
  let readAt = -Infinity;
  const know = (now: T | null) => {
    value = now;
    readAt = performance.now();
  };
  const current = (): T | null => {
    if (performance.now() - readAt < FRESH_MS) return value;
    readAt = performance.now();
    // Where that fails the old rate goes on; what it fails for is told by the copy itself.
    load().then(know, () => undefined);
    return value;
  };
  return Object.assign(current, { know });
}
