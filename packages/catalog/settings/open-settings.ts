import type { Transaction } from "kysely";
import type { Database } from "../database.ts";
import type { NameToPutBack } from "../name-to-put-back.ts";
import type { Actor, Catalog, Commit } from "../ports.ts";
import { settingChange } from "../rows.ts";
import {
  checkedSettings,
  type KnownSetting,
  type SettingValue,
  wrongWith,
} from "./known-setting.ts";

/** Seals secrets at rest. Source: access' `SecretBox`. */
export interface SettingBox {
  seal(secret: string, context: string): Buffer;
  open(sealed: Uint8Array, context: string): string;
}

/** What administrators set while servers run; the same on every node. */
export interface Settings {
  /** The table of settings, in its order. */
  readonly known: readonly KnownSetting[];

  /**
   * What `known` is now: stored by somebody, or initial. From memory, which is at most a moment (at
   * worst 2 s) behind other nodes. A secret is opened: keep it out of answers and logs. Throws
   * INTEGRITY for one that was sealed with another key.
   */
  get<T extends SettingValue>(known: KnownSetting<T>): T;

  /** Whether somebody has stored a value for `known`. */
  isStored(known: KnownSetting): boolean;

  /**
   * Stores values by name, null: back to the initial one, in one commit; what is as it shall be is
   * not journalled. On this node they count when it returns. Throws BAD_REQUEST.
   */
  change(actor: Actor, values: Readonly<Record<string, unknown>>): Promise<void>;

  /** Reads what is stored now. */
  refresh(): Promise<void>;

  /** Calls `listener` after something has changed. Returns the call that ends it. */
  onChange(listener: () => void): () => void;

  /** Stops following changes. */
  close(): Promise<void>;
}

/** What settings are opened with. */
export interface SettingsOptions {
  readonly catalog: Catalog;
  readonly box: SettingBox;
  /** The table of settings. Names are unique. */
  readonly known: readonly KnownSetting[];
  /** Told when what is stored cannot be read; what was read before counts on. */
  readonly onError?: (error: unknown) => void;
}

/** Settings where nobody has stored any, for parts that are opened alone. */
export const INITIAL_SETTINGS: Pick<Settings, "get"> = { get: ({ initial }) => initial };

const CHANNEL = "entrepot_settings";
const POLL_MS = 2_000;

interface Stored {
  /** Null: a secret. */
  readonly value: unknown;
  readonly sealed: Buffer | null;
}

/** The settings in `catalog`, read and followed until `close`. */
export async function openSettings(options: SettingsOptions): Promise<Settings> {
  const { catalog, box, known, onError = () => {} } = options;
  const byName = new Map(known.map((setting) => [setting.name, setting]));
  const listeners = new Set<() => void>();
  let stored: ReadonlyMap<string, Stored> = new Map();
  let shown = "";
  let reading: Promise<void> = Promise.resolve();

  const read = async (): Promise<void> => {
    const rows = await catalog.db
      .selectFrom("system_setting")
      .selectAll()
      .orderBy("name")
      .execute();
    const now = JSON.stringify(rows);
    if (now === shown) return;
    shown = now;
    stored = new Map(
      rows.map(({ name, value, value_sealed: sealed }) => [name, { value, sealed }]),
    );
    for (const listener of listeners) listener();
  };
  // One after the other: an older reading must not come after a newer one.
  const refresh = (): Promise<void> => (reading = reading.then(read, read));
  const look = () => void refresh().catch(onError);

  await refresh();
  const endListening = catalog.listen(CHANNEL, look);
  const timer = setInterval(look, POLL_MS);
  timer.unref();

  return {
    known,
    get: <T extends SettingValue>(setting: KnownSetting<T>) =>
      valueOf(box, setting, stored.get(setting.name)) as T,
    isStored: ({ name }) => stored.has(name),
    async change(actor, values) {
      const checked = checkedSettings(byName, values);
      await catalog.commit(actor, async (commit) => {
        for (const { setting, value } of checked) await put(commit, box, setting, value);
        await catalog.notify(CHANNEL, "", commit.db);
      });
      await refresh();
    },
    refresh,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      clearInterval(timer);
      endListening();
      await reading.catch(() => {});
    },
  };
}

function valueOf(box: SettingBox, setting: KnownSetting, row: Stored | undefined): SettingValue {
  if (!row) return setting.initial;
  if (setting.type === "secret") {
    return row.sealed ? box.open(row.sealed, contextOf(setting.name)) : setting.initial;
  }
  // Stored by another version, perhaps.
  return wrongWith(setting, row.value) === null ? (row.value as SettingValue) : setting.initial;
}

async function put(
  { db, record }: Commit,
  box: SettingBox,
  { name, type }: KnownSetting,
  value: SettingValue | null,
): Promise<void> {
  if (value === null) {
    if (await remove(db, name)) record(settingChange(name, null));
    return;
  }
  const isSecret = type === "secret";
  const row = {
    value: isSecret ? null : JSON.stringify(value),
    value_sealed: isSecret ? box.seal(String(value), contextOf(name)) : null,
  };
  if (await store(db, name, row)) {
    record(settingChange(name, { value: isSecret ? null : value }));
  }
}

/** False if it is as it shall be. A secret that is given is stored anew. */
async function store(
  db: Transaction<Database>,
  name: string,
  row: { readonly value: string | null; readonly value_sealed: Buffer | null },
): Promise<boolean> {
  const changed = await db
    .insertInto("system_setting")
    .values({ name, ...row })
    .onConflict((conflict) =>
      conflict
        .column("name")
        .doUpdateSet(row)
        .where((eb) =>
          eb.or([
            eb("system_setting.value", "is distinct from", eb.ref("excluded.value")),
            eb("system_setting.value_sealed", "is distinct from", eb.ref("excluded.value_sealed")),
          ]),
        ),
    )
    .returning("name")
    .executeTakeFirst();
  return changed !== undefined;
}

async function remove(db: Transaction<Database>, name: string): Promise<boolean> {
  const query = db.deleteFrom("system_setting").where("name", "=", name).returning("name");
  return (await query.executeTakeFirst()) !== undefined;
}

function contextOf(name: string): string {
  return `setting:${name}`;
}

/**
 * Makes settings (by name) what the journal says they were, as a part of `commit`. A secret is not
 * in it: one that is there stays. Answers in order: null, or why a setting was left.
 */
export async function restoreSettings(
  commit: Commit,
  names: readonly NameToPutBack[],
): Promise<(string | null)[]> {
  const left: (string | null)[] = [];
  const { db, record } = commit;
  for (const { key, wanted } of names) {
    if (wanted?.["sealed"] === true) {
      const there = await db
        .selectFrom("system_setting")
        .select("name")
        .where("name", "=", key)
        .where("value_sealed", "is not", null)
        .executeTakeFirst();
      left.push(there ? null : `the secret ${key} is not in the journal; enter it again`);
      continue;
    }
    left.push(null);
    if (!wanted) {
      if (await remove(db, key)) record(settingChange(key, null));
      continue;
    }
    const row = { value: JSON.stringify(wanted["value"]), value_sealed: null };
    if (await store(db, key, row)) record(settingChange(key, { value: wanted["value"] }));
  }
  return left;
}
