import { describe, expect, onTestFinished, test } from "vitest";
import { compareWithTables } from "../compare-with-tables.ts";
import { openCatalog } from "../open-catalog.ts";
import { testCatalog } from "../testing.ts";
import type { KnownSetting } from "./known-setting.ts";
import { openSettings, restoreSettings, type SettingBox } from "./open-settings.ts";

const FLAG: KnownSetting<boolean> = { name: "flag", type: "boolean", initial: false, help: "" };
const COUNT: KnownSetting<number> = {
  name: "count",
  type: "number",
  initial: 3,
  least: 1,
  most: 9,
  help: "",
};
const COLOR: KnownSetting<string> = {
  name: "color",
  type: "string",
  initial: "red",
  choices: ["red", "blue"],
  help: "",
};
const SECRET: KnownSetting<string> = { name: "secret", type: "secret", initial: "", help: "" };
const known = [FLAG, COUNT, COLOR, SECRET];
const actor = { name: "ann", cause: "c1" };

/** Not secret, but it tells whether context and bytes fit. */
const box: SettingBox = {
  seal: (secret, context) =>
    Buffer.from(`${context}|${Buffer.from(secret).toString("hex")}|${Math.random()}`),
  open(sealed, context) {
    const [at, hex = ""] = Buffer.from(sealed).toString().split("|");
    if (at !== context) throw new Error("misplaced");
    return Buffer.from(hex, "hex").toString();
  },
};

async function opened() {
  const { catalog, url, close } = await testCatalog();
  onTestFinished(close);
  const settings = await openSettings({ catalog, box, known });
  onTestFinished(() => settings.close());
  return { catalog, settings, url };
}

test("what nobody has stored is initial; what is stored counts at once, until unset", async () => {
  const { settings } = await opened();
  expect([settings.get(FLAG), settings.get(COUNT), settings.get(SECRET)]).toEqual([false, 3, ""]);
  await settings.change(actor, { flag: true, count: 7, secret: "hush" });
  expect([settings.get(FLAG), settings.get(COUNT), settings.get(SECRET)]).toEqual([
    true,
    7,
    "hush",
  ]);
  expect([settings.isStored(FLAG), settings.isStored(COLOR)]).toEqual([true, false]);
  await settings.change(actor, { count: null, secret: null });
  expect([settings.get(COUNT), settings.get(SECRET)]).toEqual([3, ""]);
});

test("changes are one commit, journalled without secrets, where something changes", async () => {
  const { catalog, settings } = await opened();
  await settings.change(actor, { flag: true, secret: "hush" });
  await settings.change(actor, { flag: true });
  await settings.change(actor, { flag: null, color: null });
  const entries = await catalog.entries(0, 100);
  expect(entries.map(({ kind, key, after, actor: who }) => [kind, key, after, who])).toEqual([
    ["setting", "flag", { name: "flag", value: true, sealed: false }, "ann"],
    ["setting", "secret", { name: "secret", value: null, sealed: true }, "ann"],
    ["setting", "flag", null, "ann"],
  ]);
  const rows = await catalog.db.selectFrom("system_setting").selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain("hush");
  expect(await compareWithTables(catalog)).toEqual([]);
});

describe("values that cannot be are refused by name, and nothing is stored", () => {
  test.each<[unknown, RegExp]>([
    [{ flag: "true" }, /"flag": expected a boolean/],
    [{ count: 0 }, /"count": expected a whole number from 1 to 9/],
    [{ count: 1.5 }, /"count"/],
    [{ count: "3" }, /"count": expected a number/],
    [{ color: "green" }, /"color": expected one of red, blue/],
    [{ secret: "a\0b" }, /"secret": expected no NUL/],
    [{ secret: "x".repeat(1_001) }, /"secret": expected at most 1000/],
    [{ colour: "red" }, /"colour": there is no such setting/],
    [{ __proto__: null, constructor: 1 }, /"constructor": there is no such setting/],
    [{ count: 99, colour: 1 }, /"count".*; "colour"/],
  ])("%j", async (values, message) => {
    const { catalog, settings } = await opened();
    const change = settings.change(actor, { flag: true, ...(values as object) });
    await expect(change).rejects.toThrow(message);
    expect(await catalog.head()).toBe(0);
  });
});

test("another node sees a change soon, and is told", async () => {
  const { settings, url } = await opened();
  const other = await openCatalog({ url });
  onTestFinished(() => other.close());
  const there = await openSettings({ catalog: other, box, known });
  onTestFinished(() => there.close());
  const told = new Promise<void>((resolve) => there.onChange(resolve));
  await settings.change(actor, { count: 8 });
  await told;
  expect(there.get(COUNT)).toBe(8);
});

test("what another version stored and this one cannot take does not count", async () => {
  const { catalog, settings } = await opened();
  const values = [
    { name: "color", value: '"green"' },
    { name: "unheard_of", value: "1" },
  ];
  await catalog.db.insertInto("system_setting").values(values).execute();
  await settings.refresh();
  expect(settings.get(COLOR)).toBe("red");
});

test("settings are put back as the journal says; a secret that is there stays", async () => {
  const { catalog, settings } = await opened();
  await settings.change(actor, { count: 5, color: "blue", secret: "one" });
  const images = new Map((await catalog.entries(0, 9)).map(({ key, after }) => [key, after]));
  await settings.change(actor, { count: 6, color: null, flag: true, secret: "two" });
  const names = [
    { key: "count", wanted: images.get("count")! },
    { key: "color", wanted: images.get("color")! },
    { key: "flag", wanted: null },
    { key: "secret", wanted: images.get("secret")! },
  ];
  const answers = await catalog.commit(actor, (commit) => restoreSettings(commit, names));
  await settings.refresh();
  expect(answers).toEqual([null, null, null, null]);
  expect([COUNT, COLOR, FLAG, SECRET].map((one) => settings.get<never>(one as never))).toEqual([
    5,
    "blue",
    false,
    "two",
  ]);
  await settings.change(actor, { secret: null });
  const again = await catalog.commit(actor, (commit) => restoreSettings(commit, names));
  expect(again.at(-1)).toMatch(/secret is not in the journal; enter it again/);
  expect(await compareWithTables(catalog)).toEqual([]);
});
