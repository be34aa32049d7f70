import type { Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { RegistryError } from "@entrepot/oci";

/** What is remembered about a draft between requests. The file alone is enough to go on from. */
export interface DraftState {
  readonly name: string;
  /** The draft's file, open for reading and writing; null when it must be opened first. */
  file: FileHandle | null;
  /** Bytes in the file when it was last touched here. */
  offset: number;
  /** The running hash of exactly `offset` bytes; null when they must be read again. */
  hash: Hash | null;
  /** A sync of the file's first `offset` bytes, under way or done; the draft goes if it fails. */
  synced: { readonly offset: number; readonly done: Promise<void> } | null;
  /** True while one request has it. */
  busy: boolean;
  /** True once it has been committed, cancelled or swept away. */
  gone: boolean;
}

/** Drafts that were touched lately, and who has them. */
export interface DraftTable {
  /** The state of `name` if it is remembered. For looking only. */
  peek(name: string): DraftState | null;
  /** Takes `name` for one request. Throws RANGE_INVALID, at once, if another request has it. */
  claim(name: string): DraftState;
  /** Gives back what `claim` gave. */
  release(state: DraftState): Promise<void>;
  /** Drops what is remembered of `name`, which is idle, so that the file is looked at again. */
  reset(name: string): Promise<void>;
  /** Forgets `name`, whoever has it: that request finds its draft gone. */
  forget(name: string): Promise<void>;
  /** Closes every file. */
  close(): Promise<void>;
}

/**
 * A table of at most `drafts` running hashes and `files` open files, beyond those in use. The least
 * recently used fall out, and are read again from the disk when they are needed.
 */
export function draftTable({ drafts, files }: { drafts: number; files: number }): DraftTable {
  const states = new Map<string, DraftState>(); // in order of use
  const idleOpen = new Set<DraftState>(); // in order of use

  async function closeFile(state: DraftState): Promise<void> {
    idleOpen.delete(state);
    const { file } = state;
    state.file = null; // before the wait: whoever claims it meanwhile opens its own
    await file?.close();
  }

  async function trim(): Promise<void> {
    for (const oldest of idleOpen) {
      if (idleOpen.size <= files) break;
      await closeFile(oldest);
    }
    for (const oldest of states.values()) {
      if (states.size <= drafts) break;
      if (oldest.busy) continue;
      states.delete(oldest.name);
      await closeFile(oldest);
    }
  }

  return {
    peek: (name) => states.get(name) ?? null,
    claim(name) {
      const known = states.get(name);
      if (known?.busy) throw inUse();
      const state = known ?? newState(name);
      state.busy = true;
      idleOpen.delete(state);
      states.delete(name);
      states.set(name, state);
      return state;
    },
    async release(state) {
      state.busy = false;
      if (state.gone) {
        if (states.get(state.name) === state) states.delete(state.name);
        await closeFile(state);
        return;
      }
      if (state.file) idleOpen.add(state);
      await trim();
    },
    async reset(name) {
      const state = states.get(name);
      if (!state || state.busy) return;
      states.delete(name);
      await closeFile(state);
    },
    async forget(name) {
      const state = states.get(name);
      if (!state) return;
      state.gone = true;
      states.delete(name);
      if (!state.busy) await closeFile(state);
    },
    async close() {
      const idle = [...states.values()].filter((state) => !state.busy);
      for (const state of idle) states.delete(state.name);
      await Promise.all(idle.map(closeFile));
    },
  };
}

function newState(name: string): DraftState {
  return { name, file: null, offset: 0, hash: null, synced: null, busy: false, gone: false };
}

function inUse(): RegistryError {
  return new RegistryError(
    "RANGE_INVALID",
    "another request is writing to this upload; ask for its offset and go on from there",
  );
}
