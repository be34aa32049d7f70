import { pushSample } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { newPlace, testS3 } from "@entrepot/storage/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBrowser, openBrowser, signIn } from "../portal/browser.ts";
import { makeImage } from "./images.ts";

/* A bucket as a backup target, by its form alone. Here, where an S3 server runs already. */

const s3 = hasBrowser ? await testS3() : null;
const skipped = hasBrowser ? "" : " (skipped: chromium is not installed)";

describe.skipIf(s3 === null)(`a bucket as a backup target${skipped}`, () => {
  let server: TestServer;
  let browser: Awaited<ReturnType<typeof openBrowser>>;

  beforeAll(async () => {
    [server, browser] = await Promise.all([testServer({ s3Keys: s3!.keys }), openBrowser()]);
    const actor = { name: "ci", cause: "a push" };
    await pushSample(server.content.as(actor).repository("library/app"), makeImage(), ["v1"]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test("it is filled in, backed up to, and verified to the last byte", async () => {
    const visitor = await browser.visitor();
    const { page, faults } = visitor;
    await signIn(visitor, server.url, server.credential, "/recovery/backups?new=target");
    const form = page.getByRole("dialog", { name: "New backup target" });
    await form.getByLabel("Name").fill("far-away");
    await form.getByText("Bucket (S3)").click();
    await form.getByText("Bucket and prefix; the keys are").waitFor();
    const place = (await newPlace(s3!)).replace(/^s3:/, "");
    await form.getByLabel("Address").fill(place);
    await form.getByLabel("Continuous").click();
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByRole("link", { name: "far-away" }).click();
    await page.getByRole("button", { name: "Back up now" }).click();
    const run = page.getByRole("row").filter({ hasText: "Backup" });
    await run.getByText("Done").waitFor();
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Verify all" }).click();
    const verification = page.getByRole("row").filter({ hasText: "Verification" });
    await verification.getByText("Done").waitFor();
    await page.getByRole("tab", { name: "Snapshots" }).click();
    await page.getByText("Whole", { exact: true }).waitFor();
    expect(faults).toEqual([]);
  });
});
