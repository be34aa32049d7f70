import type { Catalog } from "@entrepot/catalog";
import {
  asDigest,
  type Descriptor,
  type Digest,
  isManifestType,
  parseRepositoryName,
  RegistryError,
} from "@entrepot/oci";
import { bytesOf, PAGE_SIZE, pageOf, type PageQuery } from "@entrepot/registry";
import type { Registry, Repository } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import type { Moment } from "../moment.ts";
import { hadBlob, manifestBytesOf, referrersAt } from "./content-at.ts";
import { nameAt, namesAt } from "./names-at.ts";
import { rangeOf } from "./scope.ts";

/** Where the past is kept. */
export interface AsOfOptions {
  readonly catalog: Pick<Catalog, "db">;
  readonly store: Pick<BlobStore, "stat" | "read">;
}

/**
 * The registry as it was at `moment`, which history must hold (`heldMoment`): names as the journal
 * tells them, manifests from the tables of what is and what was, blobs from the store. A blob is
 * there if a manifest that its repository had then refers to it. Whatever would change something
 * throws UNSUPPORTED. Nothing is checked for rights here.
 */
export function asOf(options: AsOfOptions, { seq }: Moment): Registry {
  return {
    repository: (name) => repositoryAt(options, parseRepositoryName(name), seq),

    async repositories(query = {}) {
      const { n = PAGE_SIZE, last } = query;
      const range = rangeOf("repository", {})!;
      const found = await namesAt(options.catalog, { range, seq, last, limit: n + 1 });
      return pageOf(
        found.map(({ key }) => key),
        (name) => name,
        { n },
      );
    },
  };
}

function repositoryAt({ catalog, store }: AsOfOptions, name: string, seq: number): Repository {
  const at = { name, seq };
  return {
    name,
    ...refusing(name),

    async resolve(reference) {
      const digest = asDigest(reference) ?? (await tagAt(reference));
      return digest === null ? null : manifestAt(digest);
    },

    async stat(digest) {
      const [had, size] = await Promise.all([hadBlob(catalog, at, digest), store.stat(digest)]);
      if (!had || size === null) return null;
      return { mediaType: "application/octet-stream", digest, size };
    },

    async fetch({ digest, mediaType }, range) {
      if (!isManifestType(mediaType)) {
        if (await hadBlob(catalog, at, digest)) return store.read(digest, range);
        throw new RegistryError("BLOB_UNKNOWN", `blob ${digest} was not in '${name}' then`);
      }
      const there = await manifestAt(digest);
      const bytes = there && (await manifestBytesOf(catalog, name, digest));
      if (bytes) return bytesOf(bytes);
      throw new RegistryError("MANIFEST_UNKNOWN", `manifest ${digest} was not in '${name}' then`);
    },

    async tags(query = {}) {
      const { n = PAGE_SIZE, last } = query;
      const range = { kind: "tag", from: `${name}:`, to: `${name};` } as const;
      const after = last === undefined ? undefined : `${name}:${last}`;
      const found = await namesAt(catalog, { range, seq, last: after, limit: n + 1 });
      if (found.length === 0 && !(await nameAt(catalog, "repository", name, seq))) {
        throw new RegistryError("NAME_UNKNOWN", `repository '${name}' did not exist then`);
      }
      const tags = found.map(({ key }) => key.slice(name.length + 1));
      return pageOf(tags, (tag) => tag, { n });
    },

    async referrers(digest, query: PageQuery & { artifactType?: string } = {}) {
      const { n = PAGE_SIZE } = query;
      const found = await referrersAt(catalog, at, digest, { ...query, n: n + 1 });
      return pageOf(found, (referrer) => referrer.digest, { n });
    },
  };

  async function tagAt(tag: string): Promise<Digest | null> {
    const then = await nameAt(catalog, "tag", `${name}:${tag}`, seq);
    return then && (then["digest"] as Digest);
  }

  async function manifestAt(digest: Digest): Promise<Descriptor | null> {
    const then = await nameAt(catalog, "manifest", `${name}@${digest}`, seq);
    if (!then) return null;
    return { mediaType: String(then["mediaType"]), digest, size: Number(then["size"]) };
  }
}

/** What would change the past. */
type Changing = Exclude<
  keyof Repository,
  "fetch" | "name" | "referrers" | "resolve" | "stat" | "tags"
>;

function refusing(name: string): Pick<Repository, Changing> {
  const refuse = async () => {
    throw pastIsReadOnly(name);
  };
  return {
    push: refuse,
    mount: refuse,
    tag: refuse,
    startUpload: refuse,
    resumeUpload: refuse,
    delete: refuse,
    deleteBlob: refuse,
  };
}

/** UNSUPPORTED: what `name` was can be read, and nothing else. */
export function pastIsReadOnly(name: string): RegistryError {
  return new RegistryError(
    "UNSUPPORTED",
    `what was in the past can only be read; to change '${name}' as it is, use that name alone`,
  );
}
