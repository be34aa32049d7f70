import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { RegistryError } from "@entrepot/oci";

/** Keeps secrets unreadable at rest, each bound to its `context`, the place it belongs to. */
export interface SecretBox {
  /** `secret` sealed for `context` (`endpoint:7`); never the same twice. */
  seal(secret: string, context: string): Buffer;

  /**
   * The secret that was sealed for `context`. Throws INTEGRITY with a message that tells a wrong
   * master key from damaged or misplaced bytes.
   */
  open(sealed: Uint8Array, context: string): string;
}

const VERSION = 1;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES;
const LEAST_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;

/**
 * A box with the 32 bytes `key`. AES-256-GCM (NIST SP 800-38D) with a random nonce; sealed bytes
 * are `version(1) keyId(4) nonce(12) ciphertext tag(16)`, header and context authenticated too.
 */
export function openSecretBox(key: Buffer): SecretBox {
  if (key.length !== 32) throw new TypeError(`the master key has ${key.length} bytes, not 32`);
  const header = Buffer.concat([Buffer.of(VERSION), keyIdOf(key)]);

  return {
    seal(secret, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.setAAD(Buffer.concat([header, Buffer.from(context)]));
      const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return Buffer.concat([header, nonce, text, cipher.getAuthTag()]);
    },

    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      checkHeader(bytes, header, context);
      const text = HEADER_BYTES + NONCE_BYTES;
      const nonce = bytes.subarray(HEADER_BYTES, text);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.concat([header, Buffer.from(context)]));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const secret = decipher.update(bytes.subarray(text, -TAG_BYTES));
      try {
        return Buffer.concat([secret, decipher.final()]).toString("utf8");
      } catch (cause) {
        throw unreadable(context, "its bytes were changed or belong elsewhere", cause);
      }
    },
  };
}

/** Tells keys apart without telling anything about them. */
function keyIdOf(key: Buffer): Buffer {
  return createHmac("sha256", key).update("entrepot key id").digest().subarray(0, KEY_ID_BYTES);
}

function checkHeader(bytes: Buffer, header: Buffer, context: string): void {
  if (bytes.length < LEAST_BYTES) throw unreadable(context, "it is cut short");
  if (bytes[0] !== VERSION) {
    throw unreadable(context, `it has format ${bytes[0]}, this release reads ${VERSION}`);
  }
  if (!timingSafeEqual(bytes.subarray(0, HEADER_BYTES), header)) {
    throw unreadable(context, "it was sealed with another master key; bring that key back");
  }
}

function unreadable(context: string, why: string, cause?: unknown): RegistryError {
  const message = `the secret of ${context} cannot be opened: ${why}, or enter the secret again`;
  return new RegistryError("INTEGRITY", message, { cause });
}
