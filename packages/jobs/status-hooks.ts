import type { Database } from "@entrepot/catalog";
import type { Transaction } from "kysely";
import type { ExecutionStatus } from "./ports.ts";

/** An execution whose status has changed. */
export interface StatusChange {
  readonly id: number;
  readonly vendor: string;
  readonly vendorId: number;
  readonly trigger: string;
  readonly actor: string;
  /** What it is now: Running when it starts and when it is retried. */
  readonly status: ExecutionStatus;
}

/**
 * Called in the transaction `db` that changes the status: what it stores there is stored exactly if
 * the change is, whatever crashes. If it throws, neither is, and the change is tried again for as
 * long as it takes, so let it do no more than store. Executions of all vendors come here.
 */
export type OnStatus = (change: StatusChange, db: Transaction<Database>) => Promise<void>;

/** Tells all who asked of `changes`, one after another. */
export type StatusChanged = (
  changes: readonly StatusChange[],
  db: Transaction<Database>,
) => Promise<void>;

/** A `StatusChanged` that calls `handlers`, whoever is among them by then. */
export function tellAll(handlers: readonly OnStatus[]): StatusChanged {
  return async (changes, db) => {
    for (const change of changes) {
      for (const handler of handlers) await handler(change, db);
    }
  };
}
