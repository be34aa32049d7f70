import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { RegistryError } from "@entrepot/oci";

const derive = promisify(argon2);

/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;

const PHC = new RegExp(
  String.raw`^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})` +
    String.raw`\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$`,
);

/** One hash keeps a thread of Node's small pool busy, which files need too: few at a time. */
const MOST_AT_ONCE = 2;
const MOST_WAITING = 100;
let atOnce = 0;
const waiting: (() => void)[] = [];

/** A new PHC string of `password` (argon2id, RFC 9106), with a salt of its own. */
export async function hashPassword(password: string, cost = COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await inTurn(() =>
    derive("argon2id", { message: bytesOf(password), nonce: salt, tagLength: TAG_BYTES, ...cost }),
  );
  return printPhc(cost, salt, tag);
}

/**
 * Whether `hash` is of `password`. With `hash` null (an unknown user) it takes just as long and is
 * false. Throws INTEGRITY for a hash that is no PHC string of argon2id, TOOMANYREQUESTS if too many
 * wait for their turn.
 */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const [, m, t, p, salt = "", wanted = ""] = PHC.exec(hash ?? DUMMY) ?? [];
  if (!m) {
    throw new RegistryError("INTEGRITY", "a stored password is unreadable; set it anew");
  }
  const expected = Buffer.from(wanted, "base64");
  const tag = await inTurn(() =>
    derive("argon2id", {
      message: bytesOf(password),
      nonce: Buffer.from(salt, "base64"),
      memory: Number(m),
      passes: Number(t),
      parallelism: Number(p),
      tagLength: expected.length,
    }),
  );
  return timingSafeEqual(tag, expected) && hash !== null;
}

/** Costs as much as a real one and is nobody's. */
const DUMMY = printPhc(COST, Buffer.alloc(SALT_BYTES), Buffer.alloc(TAG_BYTES));

/** One writing for what keyboards write in several. Source: RFC 8265 OpaqueString. */
function bytesOf(password: string): Buffer {
  return Buffer.from(password.normalize("NFC"));
}

function printPhc(cost: typeof COST, salt: Buffer, tag: Buffer): string {
  const [printedSalt, printedTag] = [salt, tag].map((bytes) =>
    bytes.toString("base64").replaceAll("=", ""),
  );
  const { memory, passes, parallelism } = cost;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${printedSalt}$${printedTag}`;
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (atOnce < MOST_AT_ONCE) atOnce += 1;
  else if (waiting.length < MOST_WAITING) await new Promise<void>((go) => waiting.push(go));
  else {
    throw new RegistryError("TOOMANYREQUESTS", "too many logins at once; try again in a second", {
      detail: { retryAfterSeconds: 1 },
    });
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else atOnce -= 1;
  }
}
