import { RegistryError } from "@entrepot/oci";
import { GUESSED_PASSWORDS } from "./guessed-passwords.ts";

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

/**
 * Throws BAD_REQUEST unless `password` does for `username`: long enough, and nothing that is
 * guessed first. Which characters it is of is not asked: that makes passwords hard to remember,
 * not to guess. Source: NIST SP 800-63B §5.1.1.2.
 */
export function checkPassword(username: string, password: string): void {
  const length = [...password].length;
  if (length < LEAST_PASSWORD || length > LONGEST_PASSWORD) {
    throw new RegistryError(
      "BAD_REQUEST",
      `the password has ${length} characters; use ${LEAST_PASSWORD} to ${LONGEST_PASSWORD}`,
    );
  }
  const lower = password.normalize("NFC").toLowerCase();
  if (lower === username.toLowerCase()) {
    throw new RegistryError("BAD_REQUEST", "the password is the username; choose another one");
  }
  if (GUESSED_PASSWORDS.has(lower) || new Set(lower).size === 1) {
    const message = "this password is among those that are guessed first; choose another one";
    throw new RegistryError("BAD_REQUEST", message);
  }
}

/** `name` as PostgreSQL can be asked about it: no name holds NUL, and it refuses such text. */
export function askable(name: string): string {
  return name.replaceAll("\0", "?");
}
