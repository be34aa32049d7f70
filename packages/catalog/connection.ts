import pg from "pg";

const INT8 = 20;
const INT8_ARRAY = 1016;

/** How to reach a PostgreSQL: an address, or `pg`'s own fields. */
export type DatabaseAddress = { readonly url: string } | pg.ClientConfig;

/**
 * `pg`'s configuration for `address`: bigint is parsed to a number (nothing here counts beyond
 * 2^53), connecting gives up after 10 s, and a dead network peer is noticed.
 */
export function clientConfig(address: DatabaseAddress, applicationName: string): pg.ClientConfig {
  const fields = "url" in address ? { connectionString: address.url } : address;
  return {
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...fields,
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  };
}

/** A pool of at most `max` connections. None of its errors goes unheard and ends the process. */
export function openPool(address: DatabaseAddress, max: number): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(address, "entrepot"),
    max,
    // A transaction's first statement does not wait for its BEGIN, nor the COMMIT for its last one.
    pipeline: true,
    idleTimeoutMillis: 30_000,
  });
  // Whoever uses a broken connection gets the error as an answer; a second copy needs no listener.
  pool.on("error", ignore);
  pool.on("connect", (client) => client.on("error", ignore));
  return pool;
}

function typeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  if (format !== "binary" && oid === INT8) return Number;
  const parse = pg.types.getTypeParser(oid, format as "text") as (value: string) => unknown;
  if (format !== "binary" && oid === INT8_ARRAY) {
    return (value) => (parse(value) as (string | null)[]).map((n) => (n === null ? n : Number(n)));
  }
  return parse;
}

function ignore(): void {}
