import type { Kysely, Transaction } from "kysely";
import type { Database } from "./database.ts";

/** On whose behalf, and as part of what, something is committed. */
export interface Actor {
  /** A user's or robot's name, `anonymous`, or `system:<reader>` for Entrepot itself. */
  readonly name: string;
  /** Groups what belongs together: one request's id, or `execution:<id>`. */
  readonly cause: string;
  /** Where a replicated change was first made; absent if here. */
  readonly origin?: { readonly registry: string; readonly seq: number };
  /** Registry ids a replicated change has passed through, first to last; empty if made here. */
  readonly path?: readonly string[];
  /** A replicated change's clock (`printClock`), where its sender tells it. */
  readonly clock?: string;
  /** Of one push of several tags that carries each on by itself: what belongs to which tag. */
  readonly ofTags?: ReadonlyMap<string, Carried>;
}

/** What a replicated change carries on; see `Actor`. */
export interface Carried {
  readonly origin: { readonly registry: string; readonly seq: number };
  readonly path: readonly string[];
  readonly clock?: string;
}

/** What kinds of names there are. */
export type JournalKind =
  | "access_token"
  | "account"
  | "artifact_label"
  /** A tag's replicated change that met another one; `after` tells the winner and the loser. */
  | "conflict"
  | "endpoint"
  | "immutable"
  | "label"
  | "manifest"
  | "member"
  | "policy"
  | "project"
  | "quota"
  | "repository"
  | "retention"
  | "robot"
  | "setting"
  | "tag"
  | "user_group"
  | "webhook";

/** A change of one name: the row as it is afterwards, or null if it is gone. */
export interface Change {
  readonly kind: JournalKind;
  /** `project`, `project/repository`, `project/repository:tag`, `project/repository@digest`, … */
  readonly key: string;
  /** Never holds a secret. */
  readonly after: Readonly<Record<string, unknown>> | null;
  /** Of tags and manifests: when it was made, in the order of this name's changes. */
  readonly clock?: string | null;
  /** Where it was made and what it passed through, if that is not what the actor says. */
  readonly carried?: Pick<Carried, "origin" | "path">;
}

/** One entry of the journal. */
export interface JournalEntry extends Change {
  readonly timeline: number;
  /** Gap-free, in commit order. */
  readonly seq: number;
  /** Never runs backwards. Microseconds are kept in the database; here to the millisecond. */
  readonly at: Date;
  /** The registry where the change was first made, and its seq there. */
  readonly origin: string;
  readonly originSeq: number;
  /** Registry ids passed through, this one not included; empty for a change made here. */
  readonly path: readonly string[];
  readonly actor: string;
  readonly cause: string;
}

/** A transaction that may change names. `commit` appends what is recorded at its end. */
export interface Commit {
  readonly db: Transaction<Database>;
  /** Notes a change of this transaction for the journal, in order. */
  record(change: Change): void;
}

/** Names and journal in PostgreSQL. */
export interface Catalog {
  /** This registry's own id (a UUID made at the first start): the origin of changes made here. */
  readonly registryId: string;

  /** What time it is here: what new changes are dated by. */
  now(): Date;

  /** For reading. Writes go through `commit` (names) or `transaction` (everything else). */
  readonly db: Kysely<Database>;

  /**
   * Runs `fn` in one transaction whose last statement appends the recorded changes to the journal;
   * none recorded, none appended. Serialization failures and deadlocks are tried again (so `fn`
   * must be repeatable, at most 5 times); anything `fn` throws undoes all of it.
   */
  commit<T>(actor: Actor, fn: (commit: Commit) => Promise<T>): Promise<T>;

  /** Runs `fn` in one transaction that changes no names (cursors, tasks, replicas). */
  transaction<T>(fn: (db: Transaction<Database>) => Promise<T>): Promise<T>;

  /** Entries with `seq` greater than `after`, in order, at most `limit`. */
  entries(after: number, limit: number): Promise<JournalEntry[]>;

  /** The newest entry's seq; 0 if there is none. */
  head(): Promise<number>;

  /**
   * Calls `listener` soon after any commit of any node that appended entries, and at least every
   * `pollMs` as the safety net. Returns the call that ends it.
   */
  onCommit(listener: () => void, pollMs?: number): () => void;

  /**
   * Wakes listeners of `channel` on every node (LISTEN/NOTIFY; nothing is kept). Given a
   * transaction, at its commit. `listen` returns the call that ends it.
   */
  notify(channel: string, payload: string, db?: Transaction<Database>): Promise<void>;
  listen(channel: string, listener: (payload: string) => void): () => void;

  /** Ends all connections. */
  close(): Promise<void>;
}

/** A reader of the journal: gets every entry once, in order, together with its own transaction. */
export interface JournalReader {
  /** Its cursor's name. */
  readonly name: string;
  /** Entries it asks for at a time. */
  readonly batch?: number;
  /** Handles `entries` within `db`, which also moves the cursor: all of it or nothing. */
  read(entries: readonly JournalEntry[], db: Transaction<Database>): Promise<void>;
}
