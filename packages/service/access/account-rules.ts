import { RegistryError } from "@entrepot/oci";

/** No `$`, which marks robots, no `:`, which Basic cannot carry, nothing that hides. */
const USERNAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,254}$/;
const RESERVED = "anonymous";
const LEAST_PASSWORD = 8;
const LONGEST_PASSWORD = 128;

/** Throws BAD_REQUEST unless `username` can be an account's name. */
export function checkUsername(username: string): void {
  if (USERNAME.test(username) && username !== RESERVED) return;
  const shown = JSON.stringify(username.slice(0, 100));
  throw new RegistryError(
    "BAD_REQUEST",
    `${shown} cannot be a username; use up to 255 letters, digits and . _ @ + -, beginning with ` +
      `a letter or digit, and not '${RESERVED}'`,
  );
}

/** Throws BAD_REQUEST unless `password` is long enough. Source: NIST SP 800-63B §5.1.1.2. */
export function checkPassword(password: string): void {
  const length = [...password].length;
  if (length >= LEAST_PASSWORD && length <= LONGEST_PASSWORD) return;
  throw new RegistryError(
    "BAD_REQUEST",
    `the password has ${length} characters; use ${LEAST_PASSWORD} to ${LONGEST_PASSWORD}`,
  );
}

/** `name` as PostgreSQL can be asked about it: no name holds NUL, and it refuses such text. */
export function askable(name: string): string {
  return name.replaceAll("\0", "?");
}
