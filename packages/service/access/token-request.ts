import { RegistryError } from "@entrepot/oci";
import { credentialsOf } from "./credentials.ts";
import { parseScopes, type Scope } from "./scope.ts";
import { SERVICE } from "./tokens.ts";

/** What a client asks of the token service. */
export interface TokenRequest {
  /** Null asks for an anonymous token. */
  readonly login: { readonly username: string; readonly password: string } | null;
  readonly scopes: readonly Scope[];
}

const LONGEST_FORM_BYTES = 64 << 10;

/** The request in `GET /service/token`: Basic credentials, repeated `scope`. Throws BAD_REQUEST. */
export function readGet(request: Request): TokenRequest {
  const query = new URL(request.url).searchParams;
  checkService(query);
  const credentials = credentialsOf(request);
  if (credentials.scheme === "bearer") {
    throw new RegistryError(
      "UNAUTHORIZED",
      "a registry token cannot be exchanged for another; log in with username and password",
    );
  }
  return {
    login: credentials.scheme === "basic" ? credentials : null,
    scopes: parseScopes(query.getAll("scope")),
  };
}

/**
 * The request in `POST /service/token`: an OAuth2 form with grant_type `password`. Throws
 * BAD_REQUEST, UNSUPPORTED for other grants, REQUEST_ENTITY_TOO_LARGE. Source: RFC 6749 §4.3.
 */
export async function readPost(request: Request): Promise<TokenRequest> {
  const form = await readForm(request);
  checkService(form);
  const grant = form.get("grant_type");
  if (grant !== "password") {
    const shown = JSON.stringify((grant ?? "").slice(0, 50));
    throw new RegistryError(
      "UNSUPPORTED",
      `grant_type ${shown} is not served here; use password, or GET with Basic credentials`,
    );
  }
  const username = form.get("username");
  const password = form.get("password");
  if (!username || password === null) {
    throw new RegistryError("BAD_REQUEST", "the form lacks username or password");
  }
  return { login: { username, password }, scopes: parseScopes(form.getAll("scope")) };
}

/** Absent, it is meant; a client that means another service has lost its way. */
function checkService(parameters: URLSearchParams): void {
  const service = parameters.get("service");
  if (service === null || service === "" || service === SERVICE) return;
  throw new RegistryError(
    "BAD_REQUEST",
    `service ${JSON.stringify(service.slice(0, 100))} is not served here; this is ${SERVICE}`,
  );
}

async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw new RegistryError("BAD_REQUEST", "expected a form (application/x-www-form-urlencoded)");
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request.body ?? []) {
    length += part.length;
    if (length > LONGEST_FORM_BYTES) {
      throw new RegistryError(
        "REQUEST_ENTITY_TOO_LARGE",
        `the form is larger than ${LONGEST_FORM_BYTES} bytes`,
      );
    }
    parts.push(part);
  }
  return new URLSearchParams(Buffer.concat(parts).toString("utf8"));
}
