import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiClient, type ApiClient } from "@entrepot/api/client";
import { hexOf } from "@entrepot/oci";
import { pushSample } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEndpoint, pushPolicy } from "../interop/entrepot-api.ts";
import { makeImage } from "../interop/images.ts";
import { waitUntil } from "../interop/wait-until.ts";
import { hasBrowser, openBrowser, signIn, type Visitor } from "./browser.ts";

/*
 * What went wrong is put right, by pages alone: a moment is opened beside, an act is undone by its
 * cause, a project comes out of a backup, damaged bytes come from a peer.
 */

const ACTOR = { name: "ci", cause: "a push" };
const title = hasBrowser ? "putting right" : "putting right (skipped: chromium is not installed)";

describe.skipIf(!hasBrowser)(title, () => {
  let here: TestServer;
  let peer: TestServer;
  let api: ApiClient;
  let folder: string;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let visitor: Visitor;
  const image = makeImage();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-putting-right-"));
    [here, peer, browser] = await Promise.all([
      testServer({ backupFolders: [folder] }),
      testServer(),
      openBrowser(),
    ]);
    api = apiClient({ url: here.url, credential: here.credential });
    await here.content.projects.create(ACTOR, { name: "town", public: false });
    await pushSample(repository("town/app"), image, ["latest"]);
    visitor = await browser.visitor();
    await signIn(visitor, here.url, here.credential);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([here?.close(), peer?.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  const repository = (name: string, of = here) => of.content.as(ACTOR).repository(name);
  const digestOf = async (name: string, tag: string, of = here) =>
    (await repository(name, of).resolve(tag))?.digest ?? null;
  const go = (path: string) => visitor.page.goto(new URL(path, here.url).href);
  const button = (name: string) => visitor.page.getByRole("button", { name, exact: true });
  const plan = () => visitor.page.getByRole("dialog", { name: "Plan of a restore" });
  /** Carries out the plan that is open, and waits for its end. */
  const carryOut = async () => {
    await plan()
      .getByRole("button", { name: /^Carry out/ })
      .click();
    await visitor.page.getByText(/names? put back\.$/).waitFor();
  };

  test("a moment is opened beside its project, by names alone", async () => {
    const { page } = visitor;
    const seq = await here.catalog.head();
    const newer = makeImage();
    await pushSample(repository("town/app"), newer, ["latest"]);
    await go(`/timeline?scope=town&at=seq%3A${seq}`);
    await button("Open beside").click();
    const form = page.getByRole("dialog", { name: "Open this moment beside the project" });
    await form.getByLabel("Name of the new project").fill("town-then");
    await form.getByRole("button", { name: "Show the plan" }).click();
    await plan().getByText("town-then", { exact: true }).waitFor();
    expect(await here.content.projects.exists("town-then")).toBe(false);
    await carryOut();
    await go("/projects/town-then");
    await page.getByRole("link", { name: "app", exact: true }).click();
    await page.getByRole("link", { name: "latest", exact: true }).waitFor();
    expect(await digestOf("town-then/app", "latest")).toBe(image.content.digest);
    expect(await digestOf("town/app", "latest")).toBe(newer.content.digest);
  });

  test("an act is undone by its cause, as one, wherever its history shows it", async () => {
    const { page } = visitor;
    const before = await digestOf("town/app", "latest");
    const params = { project_name: "town", repository_name: "app" };
    await api.repositories.delete({ params });
    await go("/timeline?scope=town&tab=changes");
    const deleted = page.getByRole("row").filter({ hasText: "Deleted" });
    await deleted.first().getByRole("button", { name: "Undo…" }).click();
    await plan().getByText("Undoes").waitFor();
    await plan().getByText("town/app:latest").first().waitFor();
    expect(await digestOf("town/app", "latest")).toBeNull();
    await carryOut();
    expect(await digestOf("town/app", "latest")).toBe(before);
  });

  test("a project comes back out of a backup", async () => {
    const { page } = visitor;
    const before = await digestOf("town/app", "latest");
    const vault = { name: "vault", address: `file:${folder}/vault` };
    const target = Number((await api.backups.create({ body: vault as never })).created);
    await here.backups.run(target, ACTOR);
    await go(`/recovery/backups/${target}`);
    await page.getByText("Done", { exact: true }).first().waitFor();
    await api.projects.delete({
      params: { project_name_or_id: "town" },
      query: { cascade: true },
      headers: { "x-is-resource-name": "true" },
    });
    await page.getByRole("tab", { name: "What a restore takes" }).click();
    await page.getByLabel("project or project/repository").fill("town");
    await button("Show the plan").click();
    await plan().getByText("Out of the backup").waitFor();
    await carryOut();
    await go("/projects/town/repositories/app");
    await page.getByRole("link", { name: "latest", exact: true }).waitFor();
    expect(await digestOf("town/app", "latest")).toBe(before);
  });

  test("damaged bytes are found, planned for, fetched from a peer, and verified", async () => {
    const { page } = visitor;
    const healthy = makeImage();
    await pushSample(repository("town/sick"), healthy, ["v1"]);
    const endpoint = await createEndpoint(here, "tokyo", "harbor", peer);
    const filters = [{ type: "name", value: "town/sick" }];
    await pushPolicy(here, "to tokyo", endpoint, { filters });
    const arrived = () => digestOf("town/sick", "v1", peer);
    await waitUntil("the peer has it", arrived, healthy.content.digest);
    const { digest, size } = healthy.children.at(-1)!.content;
    const hex = hexOf(digest);
    const file = join(here.blobFolder, "blobs/sha256", hex.slice(0, 2), hex);
    await writeFile(file, randomBytes(size));

    await go("/recovery/checks");
    await button("New check").click();
    await button("Start the check").click();
    const row = page.getByRole("row").filter({ hasText: digest });
    await row.getByText("Bytes are damaged").waitFor();
    await row.getByText("town/sick:v1").waitFor();
    await button("Plan a repair").click();
    await row.getByText("Heal from a copy").waitFor();
    await row.getByText("endpoint 'tokyo' (town/sick)").waitFor();
    await button("Carry out the repair").click();
    const question = page.getByRole("dialog");
    await question.getByRole("button", { name: "Carry out the repair" }).click();
    await row.getByText("Healed").waitFor();
    await button("Verify: check again").click();
    await page.getByText("Everything that was looked at is whole.").waitFor();
  });

  test("nothing went wrong in the page", () => expect(visitor.faults).toEqual([]));
});
