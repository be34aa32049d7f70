import { armor, Decrypter, Encrypter } from "age-encryption";
import { type Bytes, RegistryError } from "@entrepot/oci";

/** Turns bytes into what is stored, or back. */
export type Conversion = (bytes: Bytes) => Bytes;

/** As it is. */
export const plain: Conversion = (bytes) => bytes;

/**
 * Encrypts for `recipients` (age: `age1…`); `plain` if there are none. Throws BAD_REQUEST for what
 * is no recipient. Source: age-encryption.org/v1.
 */
export function encryptedFor(recipients: readonly string[]): Conversion {
  if (recipients.length === 0) return plain;
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      const message = `${recipient} is no recipient of age; give its public key, age1…`;
      throw new RegistryError("BAD_REQUEST", message, { cause });
    }
  }
  return (bytes) => through(bytes, (stream) => encrypter.encrypt(stream));
}

/**
 * Decrypts with the identities in the text of a key file, as `age-keygen` writes it. Throws
 * BAD_REQUEST if there is none. What it cannot decrypt throws INTEGRITY when it is read.
 */
export function decryptedWith(keyFile: string): Conversion {
  const identities = identitiesIn(keyFile);
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  return (bytes) =>
    through(bytes, (stream) =>
      decrypter.decrypt(stream).catch((cause: unknown) => {
        const message = "this key does not open the backup, or the object is damaged";
        throw new RegistryError("INTEGRITY", message, { cause });
      }),
    );
}

/**
 * The text of a key file. One that `age -p` has locked (scrypt; its salt and cost are in it) is
 * opened by `passphrase`. Throws BAD_REQUEST without one, telling to give it in `variable`, and for
 * another's.
 */
export async function readKeyFile(
  bytes: Uint8Array,
  passphrase?: string,
  variable = "ENTREPOT_RESTORE_KEY_PASSPHRASE",
): Promise<string> {
  const text = Buffer.from(bytes).toString("utf8");
  const isArmored = text.startsWith("-----BEGIN AGE ENCRYPTED FILE-----");
  if (!isArmored && !text.startsWith("age-encryption.org/")) return text;
  const wrong = (message: string) => new RegistryError("BAD_REQUEST", message);
  if (!passphrase) {
    throw wrong(`the key file is locked by a passphrase: give ${variable}`);
  }
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  return await decrypter
    .decrypt(isArmored ? armor.decode(text) : bytes, "text")
    .catch(() => Promise.reject(wrong("this passphrase does not open the key file")));
}

function identitiesIn(keyFile: string): string[] {
  const found = keyFile.match(/^AGE-SECRET-KEY-[0-9A-Z-]+$/gm) ?? [];
  if (found.length > 0) return found;
  throw new RegistryError("BAD_REQUEST", "the key file holds no line with AGE-SECRET-KEY-1…");
}

async function* through(
  bytes: Bytes,
  convert: (stream: ReadableStream<Uint8Array>) => Promise<ReadableStream<Uint8Array>>,
): Bytes {
  const stream = ReadableStream.from(bytes) as ReadableStream<Uint8Array>;
  yield* (await convert(stream)) as unknown as Bytes;
}
