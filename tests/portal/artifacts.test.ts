import { testServer, type TestServer } from "@entrepot/server/testing";
import { pushSample } from "@entrepot/registry/samples";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../interop/entrepot-api.ts";
import { makeImage, makeReferrer, makeTwoPlatforms } from "../interop/images.ts";
import { hasBrowser, openBrowser, signIn, type Visitor } from "./browser.ts";

/*
 * An artifact's page: what it is made of, what its tags were and are again, what is about it, and
 * how it differs from another. In Chinese on a telephone, too, and by somebody who may only look.
 */

const ACTOR = { name: "ci", cause: "push" };
const PASSWORD = "Docks-and-Cranes-7";
const title = hasBrowser ? "artifacts" : "artifacts (skipped: chromium is not installed)";

describe.skipIf(!hasBrowser)(title, () => {
  let server: TestServer;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let visitor: Visitor;
  const base = Buffer.from("base".repeat(2_000));
  const old = makeImage({ files: { base, app: Buffer.from("old") }, entrypoint: ["/old"] });
  const newer = makeImage({ files: { base, app: Buffer.from("newer") }, entrypoint: ["/new"] });
  const note = makeReferrer(newer, "a note");
  const at = (path: string) => `${server.url}/projects/town/${path}`;
  const shortened = (digest: string) => digest.slice(0, "sha256:".length + 12);

  beforeAll(async () => {
    [server, browser] = await Promise.all([testServer(), openBrowser()]);
    const { access, content } = server;
    await content.projects.create(ACTOR, { name: "town", public: false });
    const repository = content.as(ACTOR).repository("town/gate/app");
    await pushSample(repository, old, ["v1", "latest"]);
    await pushSample(repository, newer, ["v2", "latest"]);
    await pushSample(repository, note);
    await pushSample(repository, makeTwoPlatforms(), ["multi"]);
    await access.createAccount(ACTOR, { username: "guest", password: PASSWORD });
    await access.setMember(ACTOR, "town", "guest", 3);
    visitor = await browser.visitor();
    await signIn(
      visitor,
      server.url,
      server.credential,
      "/projects/town/artifacts/gate/app:latest",
    );
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test("a tag's history shows who moved it from where, and puts it back", async () => {
    const { page } = visitor;
    const row = page.getByRole("row", { name: "latest" });
    await row.getByRole("button", { name: "Expand row" }).click();
    await page.getByText("ci moved it").waitFor();
    await page.getByText("ci set it").waitFor();
    await page.getByRole("button", { name: "Put back" }).click();
    const question = page.getByRole("dialog");
    await question.getByText(old.content.digest).waitFor();
    await question.getByRole("button", { name: "Put back" }).click();
    await page.getByText("Tag latest is back where it was.").waitFor();
    const facts = page.locator(".ant-descriptions");
    await facts.getByText(shortened(old.content.digest)).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await facts.getByText(shortened(newer.content.digest)).waitFor();
  });

  test("layers, config, manifest and what refers to it have an address each", async () => {
    const { page } = visitor;
    await page.getByRole("link", { name: "Layers" }).click();
    await page.getByText("2 layers,").waitFor();
    await page.getByRole("link", { name: "Config" }).click();
    await page.getByText("/new").first().waitFor();
    expect(new URL(page.url()).searchParams.get("tab")).toBe("config");
    await page.getByRole("link", { name: "Manifest" }).click();
    await page.getByText('"schemaVersion": 2').waitFor();
    await page.getByRole("link", { name: "Referrers (1)" }).click();
    await page.getByRole("link", { name: "application/vnd.example.note" }).click();
    await page.getByText(shortened(note.content.digest)).first().waitFor();
  });

  test("pull commands of this server, by tool", async () => {
    const { page } = visitor;
    await page.goto(at("artifacts/gate/app:v1"));
    await page.getByRole("button", { name: /Pull$/ }).click();
    const { host } = new URL(server.url);
    await page.getByText(`docker pull ${host}/town/gate/app:v1`).waitFor();
    await page.getByText("podman", { exact: true }).click();
    await page.getByText(`podman pull --tls-verify=false ${host}/town/gate/app:v1`).waitFor();
  });

  test("two tags side by side: what they share and what not", async () => {
    const { page } = visitor;
    await page.goto(at("compare/gate/app?a=v1&b=v2"));
    const layers = page.getByRole("region").or(page.locator("section")).first();
    await layers.getByRole("cell", { name: "Both" }).waitFor();
    expect(await layers.getByRole("cell", { name: "Left" }).count()).toBe(1);
    expect(await layers.getByRole("cell", { name: "Right" }).count()).toBe(1);
    await page.getByRole("row", { name: "Entrypoint" }).getByText('["/old"]').waitFor();
  });

  test("the two newest are compared where nobody has chosen", async () => {
    const { page } = visitor;
    await page.goto(at("compare/gate/app"));
    await page.waitForURL(({ searchParams }) => searchParams.get("b") === "multi");
    expect(["v2", "latest"]).toContain(new URL(page.url()).searchParams.get("a"));
  });

  test("a label is there at once, and gone again where the server refuses it", async () => {
    const { page } = visitor;
    const made = await api(server, "POST", "/labels", { name: "blessed" });
    await page.goto(at("artifacts/gate/app:v1"));
    const { promise: may, resolve: go } = Promise.withResolvers<void>();
    await page.route("**/artifacts/*/labels", (route) => may.then(() => route.continue()));
    await page.getByRole("button", { name: "Add label" }).click();
    await page.getByRole("menuitem", { name: "blessed" }).click();
    const label = page.locator(".ant-descriptions").getByText("blessed");
    await label.waitFor();
    const id = made.headers.get("location")!.split("/").at(-1);
    await api(server, "DELETE", `/labels/${id}`);
    go();
    await page.getByText("Nothing was changed; it is shown as it was.").waitFor();
    await label.waitFor({ state: "detached" });
  });

  test("a tag that is elsewhere is moved only if that is confirmed", async () => {
    const { page } = visitor;
    await page.goto(at("artifacts/gate/app:v1"));
    await page.getByRole("button", { name: "Add tag" }).click();
    const name = page.getByLabel("Name of the tag");
    await name.fill("v2");
    await name.press("Enter");
    const asked = page.getByText("Tag v2 points to another artifact now. Move it here?");
    await asked.last().waitFor();
    await page.getByRole("button", { name: "Move the tag" }).click();
    await page.getByText("Tag v2 points here now.").waitFor();
    const repository = server.content.as(ACTOR).repository("town/gate/app");
    expect((await repository.resolve("v2"))?.digest).toBe(old.content.digest);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("It is as it was before.").waitFor();
    expect((await repository.resolve("v2"))?.digest).toBe(newer.content.digest);
  });

  test("a guest looks, in Chinese, on a telephone, and is offered nothing more", async () => {
    const guest = await browser.visitor({ language: "zh", width: 390, shade: "dark" });
    const credential = { username: "guest", password: PASSWORD };
    await signIn(guest, server.url, credential, "/projects/town/artifacts/gate/app:multi");
    const { page } = guest;
    await page.getByRole("link", { name: "linux/arm64" }).waitFor();
    await page.getByRole("button", { name: "拉取" }).waitFor();
    await page.goto(at("repositories/gate/app"));
    await page.getByRole("link", { name: "v1", exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "删除" }).count()).toBe(0);
    await page.goto(at("settings"));
    await page.getByRole("link", { name: "成员" }).waitFor();
    const here = page.getByRole("link", { name: "配置管理" });
    expect(await here.getAttribute("aria-current")).toBe("page");
    expect(guest.faults).toEqual([]);
    await guest.context.close();
  });

  test("nothing went wrong in the page", () => expect(visitor.faults).toEqual([]));
});
