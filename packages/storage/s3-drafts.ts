import { RegistryError } from "@entrepot/oci";
import type { Algorithm } from "@entrepot/oci";
import { algorithmOfDraft, draftFileName, isUploadFileName, newDraftId } from "./draft-name.ts";
import type { BlobStore, Draft } from "./ports.ts";
import { appendToDraft, type S3DraftHome, uploadUnknown } from "./s3-append.ts";
import { commitDraft } from "./s3-commit.ts";
import { type DraftFolder, draftKeys, lookAtDraft, removeDraft } from "./s3-draft-folder.ts";
import type { S3DraftState } from "./s3-draft-table.ts";
import { UPLOADS } from "./s3-keys.ts";

/** A new, empty draft under `scope`. */
export async function startS3Draft(
  home: S3DraftHome,
  scope: string,
  algorithm: Algorithm,
): Promise<Draft> {
  const id = newDraftId(algorithm);
  const name = draftFileName(scope, id);
  await home.bucket.put(draftKeys(name).start, new Uint8Array(0));
  return s3Draft(home, { id, algorithm, name, offset: 0 });
}

/** The draft `id` of `scope` as it lies in the bucket, or null. */
export async function resumeS3Draft(
  home: S3DraftHome,
  scope: string,
  id: string,
): Promise<Draft | null> {
  const algorithm = algorithmOfDraft(id);
  if (algorithm === null) return null;
  const name = draftFileName(scope, id);
  const folder = await lookAtDraft(home.bucket, name);
  if (folder) return s3Draft(home, { id, algorithm, name, offset: folder.offset });
  home.table.forget(name);
  return null;
}

/**
 * Removes drafts untouched since `before` (milliseconds since 1970), and uploads in parts that have
 * no draft. Returns how many drafts.
 */
export async function sweepS3Drafts(home: S3DraftHome, before: number): Promise<number> {
  const { bucket, table } = home;
  const touched = await lastTouched(home);
  let removed = 0;
  for (const [name, at] of touched) {
    if (at >= before || table.peek(name)?.busy) continue;
    table.forget(name);
    await removeDraft(bucket, name);
    removed += 1;
  }
  for await (const { key, upload, since } of bucket.begun(UPLOADS)) {
    const isOld = since.getTime() < before && !touched.has(key.split("/")[1]!);
    if (isOld) await bucket.abort(key, upload);
  }
  return removed;
}

/** Every draft that lies in the bucket; see `BlobStore.drafts`. */
export async function* listS3Drafts(home: S3DraftHome): ReturnType<BlobStore["drafts"]> {
  for (const [name, at] of await lastTouched(home)) {
    const folder = await lookAtDraft(home.bucket, name);
    if (folder) yield { size: folder.offset, touched: new Date(at) };
  }
}

/** When each draft was last touched, in milliseconds since 1970, by its name. */
async function lastTouched({ bucket }: S3DraftHome): Promise<Map<string, number>> {
  const touched = new Map<string, number>();
  for await (const { key, modified } of bucket.list(UPLOADS)) {
    const name = key.split("/")[1]!;
    if (!isUploadFileName(name)) continue;
    touched.set(name, Math.max(touched.get(name) ?? 0, modified.getTime()));
  }
  return touched;
}

interface DraftFacts {
  readonly id: string;
  readonly algorithm: Algorithm;
  readonly name: string;
  readonly offset: number;
}

function s3Draft(home: S3DraftHome, { id, algorithm, name, ...facts }: DraftFacts): Draft {
  const { bucket, table } = home;
  let { offset } = facts;

  async function claimed<T>(
    work: (state: S3DraftState, folder: DraftFolder) => Promise<T>,
  ): Promise<T> {
    const state = table.claim(name);
    try {
      const folder = await lookAtDraft(bucket, name);
      if (folder === null || state.gone) {
        state.gone = true;
        throw uploadUnknown();
      }
      if (folder.offset !== offset) throw otherOffset(folder.offset, offset);
      return await work(state, folder);
    } finally {
      table.release(state);
    }
  }

  return {
    id,
    get offset() {
      return offset;
    },
    append: (bytes) =>
      claimed(async (state, folder) => {
        // All its bytes are there: only its commit was interrupted.
        if (folder.staged !== null) throw uploadUnknown();
        try {
          const appended = await appendToDraft(home, state, folder, algorithm, bytes);
          ({ offset } = appended);
          if (appended.stopped) throw appended.stopped.by;
          return offset;
        } finally {
          // Cancelled meanwhile: nothing that was written since shall stay.
          if (state.gone) await removeDraft(bucket, name);
        }
      }),
    commit: (digest) =>
      claimed(async (state, folder) => {
        try {
          await commitDraft(home, state, folder, algorithm, digest);
        } catch (error) {
          const isWrong = error instanceof RegistryError && error.code === "DIGEST_INVALID";
          if (!isWrong) throw error;
          state.gone = true;
          await removeDraft(bucket, name);
          throw error;
        }
        state.gone = true;
        await removeDraft(bucket, name);
        return folder.offset;
      }),
    async cancel() {
      table.forget(name);
      await removeDraft(bucket, name);
    },
  };
}

function otherOffset(now: number, expected: number): RegistryError {
  return new RegistryError(
    "RANGE_INVALID",
    `this upload stands at byte ${now}, not ${expected}; go on from there`,
  );
}
