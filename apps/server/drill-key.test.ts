import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockedKey, newKey } from "@entrepot/recovery/target-suite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDrillKey } from "./drill-key.ts";

let folder: string;
const { identity } = await newKey();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "entrepot-drill-key-"));
  const files = {
    open: `${identity}\n`,
    locked: await lockedKey(identity, "correct horse"),
    right: "correct horse\n",
    wrong: "battery staple\n",
    empty: "\n",
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
});
afterAll(() => rm(folder, { recursive: true }));

function read(key: string | null, passphrase: string | null) {
  const at = (name: string | null) => name && join(folder, name);
  return readDrillKey({ drillKeyFile: at(key), drillPassphraseFile: at(passphrase) });
}

test.each([
  ["open", null],
  ["open", "right"],
  ["locked", "right"],
])("the key file '%s' with the passphrase file '%s' is read", async (key, passphrase) => {
  expect(await read(key, passphrase)).toBe(`${identity}\n`);
});

test("without a key file there is no key", async () => {
  expect(await read(null, null)).toBeNull();
});

test.each([
  ["locked", null, /_KEY_FILE: .*locked: .*give ENTREPOT_DRILL_KEY_PASSPHRASE_FILE/],
  ["locked", "wrong", /_KEY_FILE: .*locked: this passphrase does not open the key file/],
  ["locked", "empty", /_PASSPHRASE_FILE: .*empty is empty/],
  ["locked", "none", /_PASSPHRASE_FILE: .*none cannot be read/],
  ["none", null, /_KEY_FILE: .*none cannot be read/],
  [null, "right", /_PASSPHRASE_FILE opens the key file of ENTREPOT_DRILL_KEY_FILE/],
])("'%s' with '%s' is refused, telling which setting to mend", async (key, passphrase, says) => {
  const refused = await read(key, passphrase).catch((error: Error) => error.message);
  expect(refused).toMatch(says);
  expect(refused).not.toMatch(/correct horse|battery staple/);
});
