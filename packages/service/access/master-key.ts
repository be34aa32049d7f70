import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { RegistryError } from "@entrepot/oci";

const KEY_BYTES = 32;

/**
 * The 32 bytes that seal all secrets of this registry: `value` (base64, for many nodes that share
 * no folder) or else what `file` holds, in the same writing. A file that is missing is made once,
 * for its owner alone (0600), and is on disk when this returns; processes that start together
 * get one key. Throws INTEGRITY for a file or value that is no key.
 */
export async function loadMasterKey(file: string, value?: string): Promise<Buffer> {
  if (value !== undefined) return decode(value, "the master key given by the environment");
  const text = (await readText(file)) ?? (await create(file));
  return decode(text, `the master key file ${file}`);
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Linked into place only when it is whole and on disk: a crash leaves either a key or no file. */
async function create(file: string): Promise<string> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeDurably(draft, `${randomBytes(KEY_BYTES).toString("base64")}\n`);
  try {
    await link(draft, file);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    await unlink(draft);
  }
  await syncFolder(folder);
  return readFile(file, "utf8");
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function decode(text: string, what: string): Buffer {
  const key = Buffer.from(text.trim(), "base64");
  if (key.length === KEY_BYTES && key.toString("base64") === text.trim()) return key;
  const message = `${what} is not ${KEY_BYTES} bytes in base64; bring it back from backup`;
  throw new RegistryError("INTEGRITY", message);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
