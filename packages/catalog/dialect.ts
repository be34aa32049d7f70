import type { Writable } from "node:stream";
import {
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from "kysely";
import type { Pool, PoolClient, QueryResult as PgResult } from "pg";
import { databaseError, isStalePlan } from "./database-error.ts";
import { prepared } from "./prepared.ts";

/**
 * Kysely over a `pg` pool. Differs from Kysely's own dialect in two ways: a lost database is
 * RegistryError UNAVAILABLE, and a statement may end the transaction itself (`…; commit`), so that
 * the lock taken by a last statement is never held while this process is busy with something else.
 */
export function pgDialect(pool: Pool): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createDriver: () => pgDriver(pool),
  };
}

/** How a statement ends that also ends its transaction. */
export const AND_COMMIT = "; COMMIT";

interface Connection extends DatabaseConnection {
  readonly client: PoolClient;
  /** Whether a transaction is open at the database, as far as the answers say. */
  inTransaction: boolean;
  /** How a transaction begins that has had no statement yet: it is sent with the first. */
  begin: string | null;
  /** The connection is broken, or in a state that nobody knows: do not use it again. */
  discard: boolean;
}

function pgDriver(pool: Pool): Driver {
  return {
    init: async () => {},
    acquireConnection: async () => {
      try {
        return connectionOf(await pool.connect());
      } catch (error) {
        throw databaseError(error);
      }
    },
    beginTransaction: async (connection, settings) => {
      const level = settings.isolationLevel ? ` isolation level ${settings.isolationLevel}` : "";
      const mode = settings.accessMode ? ` ${settings.accessMode}` : "";
      const own = connection as Connection;
      own.begin = `begin${level}${mode}`;
    },
    commitTransaction: async (connection) => {
      const own = connection as Connection;
      own.begin = null;
      if (own.inTransaction) await run(own, "commit");
    },
    rollbackTransaction: async (connection) => {
      const own = connection as Connection;
      own.begin = null;
      if (!own.inTransaction) return;
      // The server undoes it when the connection goes; the first error is the one to show.
      await run(own, "rollback").catch(() => {
        own.discard = true;
      });
    },
    releaseConnection: async (connection) => {
      const own = connection as Connection;
      own.client.release(own.discard || own.inTransaction);
    },
    destroy: async () => {
      if (!pool.ending) await pool.end();
    },
  };
}

function connectionOf(client: PoolClient): Connection {
  const connection: Connection = {
    client,
    inTransaction: false,
    begin: null,
    discard: false,
    executeQuery: <R>(query: CompiledQuery) =>
      runInTurn<R>(connection, query.sql, query.parameters),
    streamQuery: () => {
      throw new Error("streaming is not offered; read in pages");
    },
  };
  return connection;
}

/** Runs `text`; a `begin` that has not been sent goes first, and has to succeed too. */
async function runInTurn<R>(
  connection: Connection,
  text: string,
  parameters?: readonly unknown[],
): Promise<QueryResult<R>> {
  const { begin } = connection;
  if (begin === null) return run(connection, text, parameters);
  connection.begin = null;
  connection.inTransaction = true;
  const [, answer] = await Promise.all(
    inOnePiece(
      connection,
      () => [run(connection, begin), run<R>(connection, text, parameters)] as const,
    ),
  );
  return answer;
}

/** What `send` sends goes out by one system call, and wakes the database once. */
function inOnePiece<T>({ client }: Connection, send: () => T): T {
  // Not in the types of pg, which corks its messages on it in the same way.
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  stream.cork();
  try {
    return send();
  } finally {
    stream.uncork();
  }
}

async function run<R>(
  connection: Connection,
  text: string,
  parameters: readonly unknown[] = [],
): Promise<QueryResult<R>> {
  try {
    const answer = await ask(connection, text, parameters as unknown[]);
    // Several statements in one text give several answers; the last one counts.
    const last = (Array.isArray(answer) ? answer.at(-1) : answer) as PgResult;
    if (last.command === "COMMIT" || last.command === "ROLLBACK") connection.inTransaction = false;
    return {
      rows: (last.rows ?? []) as R[],
      ...(WRITES.has(last.command) && { numAffectedRows: BigInt(last.rowCount ?? 0) }),
    };
  } catch (error) {
    // The driver's own stack ends at the socket; this one names who asked.
    if (error instanceof Error) Error.captureStackTrace(error, run);
    throw databaseError(error);
  }
}

/**
 * A plan kept from before another node changed the tables: outside a transaction the query is sent
 * again without one, within it the transaction is (`isTransient`), on another connection.
 */
async function ask(connection: Connection, text: string, values: unknown[]): Promise<unknown> {
  try {
    if (values.length > 0 && text.endsWith(AND_COMMIT))
      return await askAndCommit(connection, text, values);
    return await connection.client.query(prepared(text, values));
  } catch (error) {
    if (!isStalePlan(error)) throw error;
    connection.discard = true;
    if (connection.inTransaction) throw error;
    return await connection.client.query({ text, values });
  }
}

/**
 * Sends the COMMIT right behind the statement, in a message of its own: a statement that is kept
 * parsed and planned cannot hold two. After a failure it is a ROLLBACK.
 */
async function askAndCommit(connection: Connection, text: string, values: unknown[]) {
  const { client } = connection;
  const statement = prepared(text.slice(0, -AND_COMMIT.length), values);
  const [asked, committed] = await Promise.allSettled(
    inOnePiece(connection, () => [client.query(statement), client.query("commit")]),
  );
  if (committed.status === "rejected") throw committed.reason;
  connection.inTransaction = false;
  if (asked.status === "rejected") throw asked.reason;
  return committed.value;
}

const WRITES = new Set(["INSERT", "UPDATE", "DELETE", "MERGE"]);
