import { randomBytes } from "node:crypto";
import { RegistryError, algorithmOf, digestOf } from "@entrepot/oci";
import type { Digest } from "@entrepot/oci";
import type { BlobStore, Draft } from "./ports.ts";

const CHUNK_BYTES = 1024 * 1024;

interface MemoryDraft {
  readonly id: string;
  chunks: Uint8Array[];
  size: number;
  touchedAt: number;
  busy: boolean;
}

/**
 * A BlobStore that forgets everything with the process: the twin for tests of what is built on
 * storage. `blobs` is what it holds, for a test that damages or counts.
 */
export function memoryStore({
  blobs = new Map<Digest, Uint8Array>(),
  now = Date.now,
}: { blobs?: Map<Digest, Uint8Array>; now?: () => number } = {}): BlobStore {
  const drafts = new Map<string, MemoryDraft>();
  const hidden = new Map<Digest, { bytes: Uint8Array; since: Date }>();

  function store(digest: Digest, bytes: Uint8Array): void {
    const actual = digestOf(bytes, algorithmOf(digest));
    if (actual !== digest) {
      const message = `the bytes have digest ${actual}, not ${digest}; nothing was stored`;
      throw new RegistryError("DIGEST_INVALID", message);
    }
    blobs.set(digest, bytes);
    hidden.delete(digest);
  }

  const home = { drafts, store, now };
  /** Whoever asks for content wants it kept: it comes back from quarantine. */
  function found(digest: Digest): Uint8Array | undefined {
    const away = hidden.get(digest);
    if (away && !blobs.has(digest)) blobs.set(digest, away.bytes);
    hidden.delete(digest);
    return blobs.get(digest);
  }

  return {
    stat: async (digest) => found(digest)?.length ?? null,
    async read(digest, { start, length } = { start: 0 }) {
      const bytes = found(digest);
      if (!bytes) throw new RegistryError("BLOB_UNKNOWN", `blob ${digest} is not in this store`);
      return pieces(spanOf(digest, bytes, start, length));
    },
    async put(digest, bytes) {
      store(digest, bytes.slice());
    },
    async start(scope, algorithm = "sha256") {
      const id = `${algorithm}-${randomBytes(16).toString("hex")}`;
      const draft = { id, chunks: [], size: 0, touchedAt: now(), busy: false };
      drafts.set(keyOf(scope, id), draft);
      return memoryDraft(home, keyOf(scope, id));
    },
    async resume(scope, id) {
      return drafts.has(keyOf(scope, id)) ? memoryDraft(home, keyOf(scope, id)) : null;
    },
    drafts: () => listed(drafts),
    async sweepDrafts(olderThanMs) {
      const before = now() - olderThanMs;
      const old = [...drafts].filter(([, draft]) => !draft.busy && draft.touchedAt < before);
      for (const [key] of old) drafts.delete(key);
      return old.length;
    },
    async quarantine(digest) {
      const bytes = blobs.get(digest);
      if (bytes) hidden.set(digest, { bytes, since: new Date(now()) });
      return blobs.delete(digest);
    },
    async *quarantined() {
      for (const [digest, { bytes, since }] of hidden) yield { digest, size: bytes.length, since };
    },
    remove: async (digest) => hidden.delete(digest),
    setAside: async (digest) => blobs.delete(digest),
    async *list(after) {
      for (const [digest, bytes] of [...blobs].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        if (after === undefined || digest > after) yield { digest, size: bytes.length };
      }
    },
  };
}

async function* listed(drafts: ReadonlyMap<string, MemoryDraft>): ReturnType<BlobStore["drafts"]> {
  for (const { size, touchedAt } of drafts.values()) yield { size, touched: new Date(touchedAt) };
}

/** The part of `bytes` that is asked for. Throws INTEGRITY if they end before it does. */
function spanOf(digest: Digest, bytes: Uint8Array, start: number, length?: number): Uint8Array {
  const end = length === undefined ? bytes.length : start + length;
  const last = Math.max(start, end);
  if (last <= bytes.length) return bytes.subarray(start, end);
  throw new RegistryError("INTEGRITY", `blob ${digest} has ${bytes.length} bytes, not ${last}`);
}

function keyOf(scope: string, id: string): string {
  return JSON.stringify([scope, id]);
}

interface DraftHome {
  readonly drafts: Map<string, MemoryDraft>;
  store(digest: Digest, bytes: Uint8Array): void;
  now(): number;
}

function memoryDraft(home: DraftHome, key: string): Draft {
  const { drafts, now, store } = home;
  const { id, size } = drafts.get(key)!;
  let offset = size;

  async function claimed<T>(work: (draft: MemoryDraft) => Promise<T>): Promise<T> {
    const draft = drafts.get(key);
    if (!draft) throw uploadUnknown();
    if (draft.busy) throw new RegistryError("RANGE_INVALID", "another request is writing to this");
    draft.busy = true;
    try {
      return await work(draft);
    } finally {
      draft.busy = false;
      draft.touchedAt = now();
    }
  }

  return {
    id,
    get offset() {
      return offset;
    },
    append: (bytes) =>
      claimed(async (draft) => {
        if (draft.size !== offset) {
          const message = `this upload stands at byte ${draft.size}, not ${offset}`;
          throw new RegistryError("RANGE_INVALID", message);
        }
        for await (const chunk of bytes) {
          if (!drafts.has(key)) throw uploadUnknown();
          draft.chunks.push(chunk.slice());
          offset = draft.size += chunk.length;
        }
        return offset;
      }),
    commit: (digest) =>
      claimed(async (draft) => {
        drafts.delete(key);
        const bytes = Buffer.concat(draft.chunks);
        store(digest, bytes);
        return bytes.length;
      }),
    async cancel() {
      drafts.delete(key);
    },
  };
}

async function* pieces(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.slice(at, at + CHUNK_BYTES);
}

function uploadUnknown(): RegistryError {
  return new RegistryError("BLOB_UPLOAD_UNKNOWN", "this upload is finished, cancelled or given up");
}
