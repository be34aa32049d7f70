import { RegistryError } from "@entrepot/oci";

/** What a token is asked to allow: `repository:library/alpine:pull,push`. */
export interface Scope {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

const MOST_SCOPES = 64;
const MOST_CHARACTERS = 512;

/** type, with an optional class in brackets; name, which may hold a colon itself; actions. */
const SCOPE =
  /^([a-z0-9]+)(?:\([a-z0-9]+\))?:([^\s:]+(?::[^\s:]+)?):([a-z]+|\*)?((?:,(?:[a-z]+|\*))*)$/;

/**
 * The scopes of `texts`, each one or several with spaces between; those of one resource become one.
 * Throws BAD_REQUEST. Source: distribution's token scope documentation.
 */
export function parseScopes(texts: readonly string[]): Scope[] {
  const parts = texts.flatMap((text) => text.split(" ")).filter((part) => part !== "");
  if (parts.length > MOST_SCOPES) {
    throw new RegistryError(
      "BAD_REQUEST",
      `${parts.length} scopes were asked for in one token, at most ${MOST_SCOPES} are allowed`,
    );
  }
  const byResource = new Map<string, Scope>();
  for (const { type, name, actions } of parts.map(parseScope)) {
    const key = `${type}:${name}`;
    const known = byResource.get(key)?.actions ?? [];
    byResource.set(key, { type, name, actions: [...new Set([...known, ...actions])] });
  }
  return [...byResource.values()];
}

/** `scope` as text. */
export function printScope(scope: Scope): string {
  return `${scope.type}:${scope.name}:${scope.actions.join(",")}`;
}

function parseScope(text: string): Scope {
  const match = text.length <= MOST_CHARACTERS && isPrintable(text) ? SCOPE.exec(text) : null;
  if (!match) {
    const shown = JSON.stringify(text.slice(0, 100));
    throw new RegistryError(
      "BAD_REQUEST",
      `${shown} is not a scope; expected <type>:<name>:<actions>, as repository:a/b:pull`,
    );
  }
  const [, type = "", name = "", first = "", others = ""] = match;
  const actions = `${first}${others}`.split(",").filter((action) => action !== "");
  return { type, name, actions: [...new Set(actions)] };
}

/** Only ASCII that can be seen: names and actions hold nothing else. */
function isPrintable(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
