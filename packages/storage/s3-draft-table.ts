import type { Hash } from "node:crypto";
import { RegistryError } from "@entrepot/oci";

/** What this process remembers of a draft. The bucket alone is enough to go on from. */
export interface S3DraftState {
  readonly name: string;
  /** True while one request has it. */
  busy: boolean;
  /** True once it has been committed, cancelled or swept away. */
  gone: boolean;
  /** The id of the upload in parts, if this process began it. */
  own: string | null;
  /** The running hash of the first `hashed` bytes, all of them written by this process. */
  hash: Hash | null;
  hashed: number;
}

/** Drafts that this process has touched lately, and who has them. */
export interface S3DraftTable {
  peek(name: string): S3DraftState | null;
  /** Takes `name` for one request. Throws RANGE_INVALID, at once, if another request has it. */
  claim(name: string): S3DraftState;
  /** Gives back what `claim` gave. */
  release(state: S3DraftState): void;
  /** Forgets `name`, whoever has it: that request finds its draft gone. */
  forget(name: string): void;
}

/** A table of at most `most` drafts beyond those in use; the least recently used fall out. */
export function s3DraftTable(most: number): S3DraftTable {
  const states = new Map<string, S3DraftState>(); // in order of use

  return {
    peek: (name) => states.get(name) ?? null,
    claim(name) {
      const known = states.get(name);
      if (known?.busy) throw inUse();
      const fresh = { name, gone: false, own: null, hash: null, hashed: 0 };
      const state: S3DraftState = Object.assign(known ?? fresh, { busy: true });
      states.delete(name);
      states.set(name, state);
      return state;
    },
    release(state) {
      state.busy = false;
      const isWorthless = state.gone || state.hash === null;
      if (isWorthless && states.get(state.name) === state) states.delete(state.name);
      for (const oldest of states.values()) {
        if (states.size <= most) break;
        if (!oldest.busy) states.delete(oldest.name);
      }
    },
    forget(name) {
      const state = states.get(name);
      if (state) state.gone = true;
      states.delete(name);
    },
  };
}

/** RANGE_INVALID: another request is at work on the same upload. */
export function inUse(): RegistryError {
  return new RegistryError(
    "RANGE_INVALID",
    "another request is writing to this upload; ask for its offset and go on from there",
  );
}
