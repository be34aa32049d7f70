import { compareWithTables } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, restore, stateAt, type World } from "./test-world.ts";

const ANN = { name: "ann", cause: "test" };

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** What is done to the image `v1` of a project that begins with label `old`. */
interface Acts {
  label(name: string): Promise<number>;
  put(id: number): Promise<unknown>;
  take(id: number): Promise<unknown>;
  /** Deletes the label. */
  drop(id: number): Promise<unknown>;
  /** Deletes the image with its tag. */
  lose(): Promise<unknown>;
  loseProject(): Promise<unknown>;
  /** From here on things are to be undone: the seq. */
  moment(): Promise<number>;
}

interface Case {
  readonly title: string;
  /** Returns the moment to go back to, or the cause to undo. */
  readonly acts: (acts: Acts) => Promise<number | string>;
  /** Below the project's name; the project itself if absent. */
  readonly name?: string;
  readonly labels: readonly string[];
  /** Beside it. */
  readonly into?: boolean;
}

const CASES: readonly Case[] = [
  {
    title: "put on after the moment: not there",
    async acts({ label, put, moment, lose }) {
      const [id, seq] = [await label("new"), await moment()];
      await put(id);
      await lose();
      return seq;
    },
    labels: [],
  },
  {
    title: "taken off since: there again",
    async acts({ label, put, take, moment, lose }) {
      const id = await label("new");
      await put(id);
      const seq = await moment();
      await take(id);
      await lose();
      return seq;
    },
    labels: ["new"],
  },
  {
    title: "of a tag whose image is gone: as the image was when it was deleted",
    async acts({ label, put, moment, lose }) {
      const seq = await moment();
      await put(await label("new"));
      await lose();
      return seq;
    },
    name: "/app:v1",
    labels: ["new"],
  },
  {
    title: "of a tag, taken off before the image was deleted: not there",
    async acts({ label, put, take, moment, lose }) {
      const id = await label("new");
      await put(id);
      const seq = await moment();
      await take(id);
      await lose();
      return seq;
    },
    name: "/app:v1",
    labels: [],
  },
  {
    title: "deleted and made again under its name: there",
    async acts({ label, put, drop, moment, lose }) {
      const id = await label("new");
      await put(id);
      const seq = await moment();
      await drop(id);
      await label("new");
      await lose();
      return seq;
    },
    name: "/app",
    labels: ["new"],
  },
  {
    title: "deleted, of a repository alone: the label does not come back, nor is it on the image",
    async acts({ label, put, drop, moment, lose }) {
      const id = await label("new");
      await put(id);
      const seq = await moment();
      await drop(id);
      await lose();
      return seq;
    },
    name: "/app",
    labels: [],
  },
  {
    title: "all of the project deleted: with its labels",
    async acts({ label, put, moment, loseProject }) {
      await put(await label("new"));
      const seq = await moment();
      await loseProject();
      return seq;
    },
    labels: ["new"],
  },
  {
    title: "the deletion of an image undone: as it was just before",
    async acts({ label, put, take, lose }) {
      const [first, second] = [await label("first"), await label("second")];
      await put(first);
      await put(second);
      await take(first);
      await lose();
      return "lose";
    },
    labels: ["second"],
  },
  {
    title: "the deletion of a label undone: on the image again",
    async acts({ label, put, drop }) {
      const id = await label("new");
      await put(id);
      await drop(id);
      return "drop";
    },
    labels: ["new"],
  },
  {
    title: "beside: as at the moment",
    async acts({ label, put, drop, moment, lose }) {
      const [first, second] = [await label("first"), await label("second")];
      await put(first);
      const seq = await moment();
      await put(second);
      await drop(first);
      await lose();
      return seq;
    },
    into: true,
    labels: ["first"],
  },
];

for (const [n, { title, acts, name = "", labels, into }] of CASES.entries()) {
  test(`labels ${title}`, async () => {
    const project = `p${n}`;
    const { content, catalog } = world;
    const projectId = await content.projects.create(ANN, { name: project });
    const repository = `${project}/app`;
    const image = sampleImage();
    await pushSample(content.as(ANN).repository(repository), image, ["v1"]);
    const { digest } = image.content as { digest: Digest };
    const by = (act: string) => ({ name: "ann", cause: `${act}-${n}` });
    const found = await acts({
      label: (label) =>
        content.labels.create(ANN, { name: label, description: "", color: "", projectId }),
      put: (id) => content.labels.put(ANN, id, repository, digest),
      take: (id) => content.labels.take(ANN, id, repository, digest),
      drop: (id) => content.labels.remove(by("drop"), id),
      lose: () => content.as(by("lose")).repository(repository).delete(digest),
      async loseProject() {
        await content.deleteRepository(ANN, repository);
        await content.projects.remove(ANN, project);
      },
      moment: () => catalog.head(),
    });
    const at = into ? `${project}-beside` : project;
    const request =
      typeof found === "string"
        ? { name: "", cause: `${found}-${n}` }
        : { name: `${project}${name}`, seq: found, ...(into && { into: at }) };
    await restore(world, request);
    const state = await stateAt(world, await catalog.head());
    const carried = state.get(`artifact_label ${at}/app@${digest}`) ?? '{"labels":[]}';
    const wanted = labels.map((label) => `${at}/${label}`);
    expect((JSON.parse(carried) as { labels: string[] }).labels).toEqual(wanted);
    expect(state.has(`manifest ${at}/app@${digest}`)).toBe(true);
    expect(await compareWithTables(catalog)).toEqual([]);
  });
}
