import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { configFile, readConfig, serverUrl, targetOf, writeConfig } from "./config.ts";

let home: string;
beforeEach(async () => void (home = await mkdtemp(join(tmpdir(), "entrepot-config-"))));
afterEach(() => rm(home, { recursive: true, force: true }));

const ann = { username: "ann", password: "one" };
const bob = { username: "bob", password: "two" };
const config = { server: "https://a.example", logins: { "https://a.example": ann } };

test("what was written is read again, and nobody else can read it", async () => {
  const file = configFile({ HOME: home });
  expect(file).toBe(join(home, ".config/entrepot/config.json"));
  expect(await readConfig(file)).toEqual({ server: null, logins: {} });
  await writeConfig(file, config);
  expect(await readConfig(file)).toEqual(config);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(home, ".config/entrepot"))).mode & 0o777).toBe(0o700);
});

test("a folder and a file that were open to others are closed", async () => {
  const file = configFile({ XDG_CONFIG_HOME: home });
  await mkdir(join(home, "entrepot"), { mode: 0o755 });
  await writeFile(file, "{}", { mode: 0o644 });
  await chmod(file, 0o644);
  await writeConfig(file, config);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(home, "entrepot"))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(home, "entrepot"))).toEqual(["config.json"]);
});

test("a file that is not JSON is named, not overwritten", async () => {
  const file = join(home, "own.json");
  await writeFile(file, "{ server:");
  expect(configFile({ ENTREPOT_CONFIG: file, HOME: home })).toBe(file);
  await expect(readConfig(file)).rejects.toThrow(`${file} is not JSON`);
});

test.each([
  ["registry.example", "https://registry.example"],
  ["registry.example:8443/", "https://registry.example:8443"],
  ["localhost:5050", "http://localhost:5050"],
  ["127.0.0.1", "http://127.0.0.1"],
  ["[::1]:5050", "http://[::1]:5050"],
  ["http://registry.example", "http://registry.example"],
  ["localhost.example", "https://localhost.example"],
])("%s is %s", (text, url) => {
  expect(serverUrl(text)).toBe(url);
});

test.each(["", "ftp://a.example", "https://a.example/path", "https://ann:one@a.example", "a b"])(
  "%j is no server",
  (text) => {
    expect(() => serverUrl(text)).toThrow(/is not a server/);
  },
);

test("flags win over the environment, and that over the file", () => {
  const env = { ENTREPOT_SERVER: "https://b.example" };
  const login = { ENTREPOT_USERNAME: "bob", ENTREPOT_PASSWORD: "two" };
  expect(targetOf(config, {}, undefined).server).toBe("https://a.example");
  expect(targetOf(config, env, undefined).server).toBe("https://b.example");
  expect(targetOf(config, env, "https://c.example").server).toBe("https://c.example");
  expect(targetOf(config, login, undefined).credential).toEqual(bob);
});

test("a stored credential goes to its own server only", () => {
  expect(targetOf(config, {}, "a.example").credential).toEqual(ann);
  expect(targetOf(config, {}, "http://a.example").credential).toBeNull();
  expect(targetOf(config, { ENTREPOT_SERVER: "https://b.example" }, undefined)).toEqual({
    server: "https://b.example",
    credential: null,
  });
});

test("half a login is refused, and so is none where a server must be known", () => {
  expect(() => targetOf(config, { ENTREPOT_PASSWORD: "two" }, undefined)).toThrow(/go together/);
  expect(() => targetOf({ server: null, logins: {} }, {}, undefined)).toThrow(/entrepot login/);
});
