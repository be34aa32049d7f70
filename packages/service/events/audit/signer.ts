import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";

/** Signs what the audit log was at a time, with a key that no database has. */
export interface Signer {
  /** Tells keys apart: the first 16 hex digits of the public key's SHA-256. */
  readonly keyId: string;
  /** Base64 of the Ed25519 public key (32 bytes): by it anybody may verify. */
  readonly publicKey: string;
  sign(text: string): Buffer;
  isSigned(text: string, signature: Uint8Array): boolean;
}

/** What stands before an Ed25519 private key of 32 bytes. Source: RFC 8410 §7. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** The signer whose key is derived from the 32 bytes `masterKey`: the same on every node. */
export function openSigner(masterKey: Buffer): Signer {
  const seed = Buffer.from(hkdfSync("sha256", masterKey, "", "entrepot audit log", 32));
  const der = Buffer.concat([PKCS8, seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const publicKey: KeyObject = createPublicKey(privateKey);
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  return {
    keyId: createHash("sha256").update(raw).digest("hex").slice(0, 16),
    publicKey: raw.toString("base64"),
    sign: (text) => sign(null, Buffer.from(text), privateKey),
    isSigned: (text, signature) => verify(null, Buffer.from(text), publicKey, signature),
  };
}
