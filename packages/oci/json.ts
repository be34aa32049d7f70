import { RegistryError } from "./error.ts";

/** Deepest nesting of objects and arrays that is read. Real manifests stay below 6. */
const JSON_DEPTH_LIMIT = 32;

/** A JSON object whose members nobody has looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * `bytes` as a JSON object. Throws MANIFEST_INVALID for broken UTF-8, broken JSON, anything but an
 * object, and nesting beyond JSON_DEPTH_LIMIT, which is counted before the parser sees it.
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  if (depthExceeds(bytes, JSON_DEPTH_LIMIT)) {
    throw invalid(`it is nested deeper than ${JSON_DEPTH_LIMIT} levels`);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw invalid("it is not JSON in UTF-8", cause);
  }
  if (!isJsonObject(value)) throw invalid("it is not a JSON object");
  return value;
}

/** Whether `value` is an object in JSON's sense: no array, not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function depthExceeds(bytes: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === BRACE_OPEN || byte === BRACKET_OPEN) {
      if (++depth > limit) return true;
    } else if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) depth--;
  }
  return false;
}

function invalid(why: string, cause?: unknown): RegistryError {
  return new RegistryError("MANIFEST_INVALID", `the manifest cannot be read: ${why}`, { cause });
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
