import type { Change, Commit } from "./ports.ts";

/** A name that a restore makes what `wanted`, an after-image of the journal's, says; null: gone. */
export interface NameToPutBack {
  readonly key: string;
  readonly wanted: Change["after"];
}

/** What a key `project/name`, or `/name` of no project, calls. */
export interface KeyPlace {
  readonly project: string | null;
  readonly name: string;
  /** Null: of no project, or of one that is not there. */
  readonly projectId: number | null;
  /** Its project does not exist (any more). */
  readonly isLost: boolean;
}

/** Where `key` leads now. */
export async function placeOfKey({ db }: Pick<Commit, "db">, key: string): Promise<KeyPlace> {
  const at = key.indexOf("/");
  const [project, name] = [key.slice(0, at) || null, key.slice(at + 1)];
  const home = await db
    .selectFrom("project")
    .select("id")
    .where("name", "=", project ?? "")
    .executeTakeFirst();
  const isLost = project !== null && home === undefined;
  return { project, name, projectId: home?.id ?? null, isLost };
}
