import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Containerd, containerdMissing, runContainerd } from "./containerd-engine.ts";
import { api } from "./entrepot-api.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import { logsOfFailures } from "./entrepot-state.ts";
import { makeImage, makeTwoPlatforms } from "./images.ts";
import { deleteTag, pushOnce } from "./push-client.ts";
import { contentsOf, readEverything } from "./registry-contents.ts";

const skipped = containerdMissing ? ` (skipped: ${containerdMissing})` : "";

describe.skipIf(containerdMissing !== null)(`containerd${skipped}`, () => {
  let entrepot: EntrepotProcess;
  let engine: Containerd;
  const image = makeImage();
  const index = makeTwoPlatforms();

  const at = (name: string) => `${entrepot.address}/${name}`;
  const admin = () => `${entrepot.credential.username}:${entrepot.credential.password}`;
  const as = (user: string | null) => ["--plain-http", ...(user === null ? [] : ["--user", user])];
  /** Pulls `name` and unpacks it, where no overlay may be mounted, too. */
  const pull = (name: string, user: string | null = null, ...flags: string[]) =>
    engine.ctr("images", "pull", ...as(user), "--snapshotter", "native", ...flags, at(name));
  /** Pushes to `name` what containerd has under the name `from`. */
  const push = (name: string, from: string, user: string | null = null) =>
    engine.ctr("images", "push", ...as(user), at(name), at(from));
  const forget = (name: string) => engine.ctr("images", "remove", "--sync", at(name));
  const denied = /denied|unauthorized|authorization|401|403/i;

  logsOfFailures(() => [entrepot]);
  beforeAll(async () => {
    [entrepot, engine] = await Promise.all([runEntrepot(), runContainerd()]);
    await pushOnce(entrepot, "library/app", image, "1");
    await pushOnce(entrepot, "library/both", index, "1");
    const metadata = { public: "false" };
    await api(entrepot, "POST", "/projects", { project_name: "secret", metadata });
  });
  afterAll(async () => {
    await Promise.all([entrepot?.close(), engine?.close()]);
  });

  test("pulls from a public project without a login, by tag and by digest", async () => {
    // To this machine it speaks plain HTTP by itself, as the guides say.
    await engine.ctr("images", "pull", "--snapshotter", "native", at("library/app:1"));
    await forget("library/app:1");
    const byDigest = `library/app@${image.content.digest}`;
    await pull("library/app:1");
    await pull(byDigest);
    const { digest } = image.content;
    expect(await engine.images()).toMatchObject({
      [at("library/app:1")]: digest,
      [at(byDigest)]: digest,
    });
    const check = await engine.ctr("images", "check", "--snapshotter", "native");
    expect(check).toMatch(/library\/app:1 .* complete /);
  });

  test("a push without a login, and as somebody else, is refused and leaves nothing", async () => {
    const before = await contentsOf(entrepot);
    await expect(push("library/mine:1", "library/app:1")).rejects.toThrow(denied);
    const wrong = `${entrepot.credential.username}:guess`;
    await expect(push("library/mine:1", "library/app:1", wrong)).rejects.toThrow(denied);
    expect(await contentsOf(entrepot)).toEqual(before);
  });

  test("pushes what it has pulled by a token, and pulls back the same bytes", async () => {
    const { json } = await api(entrepot, "POST", "/users/current/tokens", { name: "laptop" });
    const token = `${entrepot.credential.username}:${json.secret}`;
    const own = makeImage();
    await pushOnce(entrepot, "library/own", own, "1");
    await pull("library/own:1");
    await push("library/mine:1", "library/own:1", token);
    const { digest } = own.content;
    const contents = { "library/mine:1": digest };
    expect(await contentsOf(entrepot)).toMatchObject(contents);
    await readEverything(entrepot, contents);

    await forget("library/own:1");
    await pull("library/mine:1");
    expect(await engine.images()).toMatchObject({ [at("library/mine:1")]: digest });
  });

  test("a private project is closed without a login, and open to its robot", async () => {
    await push("secret/app:1", "library/app:1", admin());
    await forget("library/app:1");
    await expect(pull("secret/app:1")).rejects.toThrow(denied);
    const access = ["pull", "push"].map((action) => ({ resource: "repository", action }));
    const { json: robot } = await api(entrepot, "POST", "/robots", {
      name: "ci",
      level: "project",
      duration: 1,
      permissions: [{ kind: "project", namespace: "secret", access }],
    });
    const user = `${robot.name}:${robot.secret}`;
    await pull("secret/app:1", user);
    await push("secret/again:1", "secret/app:1", user);
    await expect(push("library/app:2", "secret/app:1", user)).rejects.toThrow(denied);
    const { digest } = image.content;
    const contents = await contentsOf(entrepot);
    expect(contents).toMatchObject({ "secret/app:1": digest, "secret/again:1": digest });
    expect(contents).not.toHaveProperty("library/app:2");
  });

  test("an index goes both ways with all of its platforms", async () => {
    await engine.ctr("content", "fetch", ...as(null), "--all-platforms", at("library/both:1"));
    await push("library/copied:1", "library/both:1", admin());
    const { digest } = index.content;
    const contents = { "library/both:1": digest, "library/copied:1": digest };
    expect(await contentsOf(entrepot)).toMatchObject(contents);
    await readEverything(entrepot, contents);
    await pull("library/copied:1", null, "--platform", "linux/arm64");
    expect(await engine.images()).toMatchObject({ [at("library/copied:1")]: digest });
  });

  test("pulls what a deleted tag named, as of a moment", async () => {
    const moment = new Date().toISOString().toLowerCase().replaceAll(":", ".");
    await deleteTag(entrepot, "library/app", "1");
    await expect(pull("library/app:1")).rejects.toThrow(/not found/);
    const then = `as-of/${moment}/library/app:1`;
    await pull(then);
    expect(await engine.images()).toMatchObject({ [at(then)]: image.content.digest });
  });
});
