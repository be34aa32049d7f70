import { compareWithTables } from "@entrepot/catalog";
import { firstSeed, seededRandom } from "@entrepot/catalog/testing";
import type { Digest } from "@entrepot/oci";
import { pushSample, type Sample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, restore, stateAt, type World } from "./test-world.ts";

const SEED = Number(process.env["ENTREPOT_TEST_SEED"] ?? firstSeed(process.env));
const FILE = "packages/service/recovery/restore/restore.property.test.ts";
const REPLAY = `ENTREPOT_TEST_SEED=${SEED} npx vitest run ${FILE}`;
const ACTS = 60;
const PROJECTS = ["one", "two"];
const REPOSITORIES = ["one/a", "one/a/b", "two/a"];

let world: World;
beforeAll(async () => {
  let times = 0;
  world = await openWorld({}, () => {
    // Broken off when tags are set, before that is stored: the task goes on where it was.
    if (times++ % 3 === 0) throw new Error("broken off");
  });
});
afterAll(() => world.close());

type Act = () => Promise<unknown>;

/** One random act under a cause of its own: pushes, retags, labels, deletions, cascades. */
function randomAct({ content, catalog }: World, random: () => number, n: number): Act {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const actor = { name: "user", cause: `act-${n}` };
  const name = pick(REPOSITORIES);
  const repository = content.as(actor).repository(name);
  const tag = `t${Math.floor(random() * 4)}`;
  const sample: Sample = random() < 0.3 ? sampleIndex([sampleImage()]) : sampleImage();
  const project = name.split("/", 1)[0]!;
  const labelOf = async () => {
    const id = await catalog.db
      .selectFrom("label")
      .innerJoin("project", "project.id", "label.project_id")
      .select(["label.id"])
      .where("project.name", "=", project)
      .executeTakeFirst();
    return id?.id;
  };
  const push = async () => {
    await content.projects.ensure(actor, project);
    await pushSample(repository, sample, [tag]);
  };
  return pick<Act>([
    push,
    push,
    push,
    async () => {
      const other = await repository.resolve(`t${Math.floor(random() * 4)}`);
      if (other) await repository.tag(tag, other.digest);
    },
    () => repository.delete(tag),
    async () => {
      const found = await repository.resolve(tag);
      if (found) await repository.delete(found.digest as Digest);
    },
    () => content.deleteRepository(actor, name),
    () => content.projects.describe(actor, name, `described in act ${n}`),
    async () => {
      const [id, found] = [await labelOf(), await repository.resolve(tag)];
      if (id !== undefined && found) await content.labels.put(actor, id, name, found.digest);
    },
    async () => {
      await content.projects.ensure(actor, project);
      const { id: projectId } = await catalog.db
        .selectFrom("project")
        .select("id")
        .where("name", "=", project)
        .executeTakeFirstOrThrow();
      const label = { name: `l${n}`, description: "", color: "", projectId };
      await content.labels.create(actor, label);
    },
    async () => {
      const id = await labelOf();
      if (id !== undefined) await content.labels.remove(actor, id);
    },
    async () => {
      for (const one of REPOSITORIES.filter((it) => it.startsWith(`${project}/`))) {
        await content.deleteRepository(actor, one);
      }
      await content.projects.remove(actor, project);
    },
    () => content.projects.update(actor, project, { note: String(n) }),
  ]);
}

/** Everything, a project, a repository, a tag, or an artifact that there was. */
function randomScope(random: () => number, then: ReadonlyMap<string, string>): string {
  const artifacts = [...then.keys()].filter((key) => key.startsWith("manifest "));
  const artifact = artifacts[Math.floor(random() * artifacts.length)] ?? "";
  const names = ["", "one", "two", "one/a", "two/a", "one/a:t1", "two/a:t2"];
  const scopes = [...names, artifact.slice("manifest ".length)];
  return scopes[Math.floor(random() * scopes.length)]!;
}

const inScope = (name: string) => (key: string) => {
  const at = key.slice(key.indexOf(" ") + 1);
  if (name === "") return true;
  return at === name || (at.startsWith(name) && "/:@".includes(at[name.length]!));
};

/** Which of `then`'s names differ from `now`, in the scope. */
function unlike(
  then: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
  name: string,
): string[] {
  const of = inScope(name);
  const inside = (key: string) =>
    of(key) && (!name.includes("/") || !key.startsWith("repository") || !key.includes(`${name}/`));
  return [...new Set([...then.keys(), ...now.keys()])]
    .filter(inside)
    .filter((key) => !name.includes("/") || !key.slice(key.indexOf(" ") + 1).startsWith(`${name}/`))
    .filter((key) => then.get(key) !== now.get(key));
}

test(`random acts, then back to random moments, and that undone (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const moments: number[] = [];
  for (const project of PROJECTS) {
    await world.content.projects.create({ name: "user", cause: "begin" }, { name: project });
  }
  for (let n = 0; n < ACTS; n++) {
    const act = randomAct(world, random, n);
    await act().catch((error: { code?: string }) => {
      if (!["DENIED", "PRECONDITION", "NOT_FOUND", "NAME_UNKNOWN"].includes(error.code ?? "")) {
        throw error;
      }
    });
    moments.push(await world.catalog.head());
  }
  for (let round = 0; round < 10; round++) {
    const seq = moments[Math.floor(random() * moments.length)]!;
    const [before, then] = [
      await stateAt(world, await world.catalog.head()),
      await stateAt(world, seq),
    ];
    const name = randomScope(random, then);
    const project = name.split("/", 1)[0]!;
    // Of a project that is gone only the project itself can come back.
    if (name.includes("/") && !before.has(`project ${project}`)) continue;
    const id = await restore(world, { name, seq });
    const after = await stateAt(world, await world.catalog.head());
    const why = `${name} to ${seq} in round ${round}; ${REPLAY}`;
    const lost = unlike(then, after, name).filter((key) => !labelGone(then, after, key));
    expect(lost, why).toEqual([]);
    expect(await compareWithTables(world.catalog), why).toEqual([]);
    if (unlike(before, after, "").length === 0 || random() < 0.3) continue;
    await restore(world, { name: "", cause: `execution:${id}` });
    const undone = await stateAt(world, await world.catalog.head());
    expect(unlike(before, undone, ""), `undo of ${why}`).toEqual([]);
    expect(await compareWithTables(world.catalog), why).toEqual([]);
  }
}, 120_000);

/** An artifact's labels come back only as far as the labels themselves are there. */
function labelGone(
  then: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  key: string,
): boolean {
  if (!key.startsWith("artifact_label ")) return false;
  const { labels } = JSON.parse(then.get(key) ?? '{"labels":[]}') as { labels: string[] };
  return labels.some((label) => !after.has(`label ${label}`));
}
