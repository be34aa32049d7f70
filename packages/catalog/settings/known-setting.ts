import { RegistryError } from "@entrepot/oci";

/** What a setting can be. A list is text, its items joined as the setting says. */
export type SettingValue = boolean | number | string;

/**
 * One row of the table of settings: what administrators may set while the server runs. Each area
 * keeps its own rows; `apps/server/known-settings.ts` puts them together.
 */
export interface KnownSetting<T extends SettingValue = SettingValue> {
  /** Harbor's name, where Harbor has it. */
  readonly name: string;
  /** `secret` is text that is sealed at rest, and never told: neither journal nor API has it. */
  readonly type: "boolean" | "number" | "string" | "secret";
  /** What counts while nothing is stored. */
  readonly initial: T;
  /** What it does, in a sentence, with its unit. */
  readonly help: string;
  /** All that it may be. */
  readonly choices?: readonly T[];
  /** Of numbers, which are whole; from 0 to 2^53 - 1 if absent. */
  readonly least?: number;
  readonly most?: number;
  /** Of text, in characters; 1,000 if absent. */
  readonly longest?: number;
  /** Says what else is wrong with a value, or null. */
  wrong?(value: T): string | null;
}

const LONGEST = 1_000;

/** What is wrong with `value` for `known`, as the end of a sentence; null: nothing. */
export function wrongWith(known: KnownSetting, value: unknown): string | null {
  const { type, choices, least = 0, most = Number.MAX_SAFE_INTEGER, longest = LONGEST } = known;
  const expected = type === "secret" ? "string" : type;
  if (typeof value !== expected) return `expected a ${expected}`;
  if (choices && !choices.includes(value as SettingValue)) {
    return `expected one of ${choices.join(", ")}`;
  }
  if (typeof value === "number" && !(Number.isInteger(value) && value >= least && value <= most)) {
    return `expected a whole number from ${least} to ${most}`;
  }
  if (typeof value === "string") {
    if (value.length > longest) return `expected at most ${longest} characters`;
    // PostgreSQL's text has none.
    if (value.includes("\0")) return "expected no NUL character";
  }
  return known.wrong?.(value as SettingValue) ?? null;
}

/**
 * The rows of `known` that `values` names, each with its value, null for back to the initial one.
 * Throws BAD_REQUEST, naming every name that is not known and every value that cannot be.
 */
export function checkedSettings(
  known: ReadonlyMap<string, KnownSetting>,
  values: Readonly<Record<string, unknown>>,
): { setting: KnownSetting; value: SettingValue | null }[] {
  const wrong: string[] = [];
  const checked = Object.entries(values).flatMap(([name, value]) => {
    const setting = known.get(name);
    const problem = setting
      ? value === null
        ? null
        : wrongWith(setting, value)
      : "there is no such setting";
    if (problem !== null) wrong.push(`${JSON.stringify(name.slice(0, 100))}: ${problem}`);
    return setting ? [{ setting, value: value as SettingValue | null }] : [];
  });
  if (wrong.length === 0) return checked;
  const shown = wrong.slice(0, 10).join("; ");
  throw new RegistryError("BAD_REQUEST", `these settings are not accepted: ${shown}`);
}
