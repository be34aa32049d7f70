import { createHash, createHmac, randomBytes } from "node:crypto";

const SECRET_BYTES = 32;

/** A secret that nobody guesses: 256 random bits, as text for cookies and passwords. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/**
 * What is stored of such a secret. It needs no salt and no slow hash, having nothing to guess; and
 * how long an index takes to find a hash tells nothing about what it is a hash of.
 */
export function hashOfSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** What follows from a secret for one `purpose`, and from which nobody learns the secret. */
export function derivedFrom(secret: string, purpose: string): string {
  return createHmac("sha256", secret).update(purpose).digest("base64url");
}
