import { RegistryError } from "@entrepot/oci";

/** What an `Authorization` header brings. */
export type Credentials =
  | { readonly scheme: "none" }
  | { readonly scheme: "basic"; readonly username: string; readonly password: string }
  | { readonly scheme: "bearer"; readonly token: string };

const LONGEST_BASIC = 4_096;

/** The credentials of `request`. Throws UNAUTHORIZED if they cannot be read. */
export function credentialsOf(request: Request): Credentials {
  const header = request.headers.get("authorization");
  if (header === null) return { scheme: "none" };
  const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case "basic":
      return parseBasic(value);
    case "bearer":
      return { scheme: "bearer", token: value };
    default:
      throw unreadable("it is neither Basic nor Bearer");
  }
}

/** Source: RFC 7617; the username ends at the first colon. */
function parseBasic(value: string): Credentials {
  if (value.length > LONGEST_BASIC) throw unreadable("it is too long");
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) throw unreadable("there is no colon between username and password");
  return { scheme: "basic", username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function unreadable(why: string): RegistryError {
  return new RegistryError("UNAUTHORIZED", `the Authorization header cannot be used: ${why}`);
}
