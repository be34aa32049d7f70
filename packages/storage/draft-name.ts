import { createHash, randomBytes } from "node:crypto";
import type { Algorithm } from "@entrepot/oci";

const ID = /^(sha256|sha512)-[0-9a-f]{32}$/;
const FILE_NAME = /^[0-9a-f]{64}\.(?:sha256|sha512)-[0-9a-f]{32}$/;
const TEMPORARY = /^put-[0-9a-f]{32}$/;

/** A new draft's id: the algorithm it hashes with, and 128 random bits that nobody can guess. */
export function newDraftId(algorithm: Algorithm): string {
  return `${algorithm}-${randomBytes(16).toString("hex")}`;
}

/** The algorithm in the id of a draft, or null if `id` is no draft's id. */
export function algorithmOfDraft(id: string): Algorithm | null {
  return (ID.exec(id)?.[1] as Algorithm | undefined) ?? null;
}

/**
 * The name of the file of draft `id` of `scope`. The scope enters hashed: any text is safe in it,
 * and the id alone, which travels in URLs, does not find the file of another scope.
 */
export function draftFileName(scope: string, id: string): string {
  return `${createHash("sha256").update(scope).digest("hex")}.${id}`;
}

/** A new name for the file of a `put` under way. */
export function newTemporaryName(): string {
  return `put-${randomBytes(16).toString("hex")}`;
}

/** True for names that this store makes in `uploads/`; others are not ours to sweep away. */
export function isUploadFileName(name: string): boolean {
  return FILE_NAME.test(name) || TEMPORARY.test(name);
}
