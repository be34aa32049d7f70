import { printScope, type Scope } from "./scope.ts";
import { SERVICE } from "./tokens.ts";

/** Where tokens are fetched, below the registry's public address. */
export const TOKEN_PATH = "/service/token";

/**
 * The `WWW-Authenticate` that goes with UNAUTHORIZED on `/v2/`: it sends clients to fetch a token
 * for `scopes`, at the registry's public address `base`.
 * Source: distribution's token authentication specification.
 */
export function challenge(scopes: readonly Scope[], base: string): string {
  const scope = scopes.map(printScope).join(" ");
  const parameters = { realm: `${base}${TOKEN_PATH}`, service: SERVICE, ...(scope && { scope }) };
  const printed = Object.entries(parameters).map(([name, value]) => `${name}=${quote(value)}`);
  return `Bearer ${printed.join(",")}`;
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
