import type { Sample } from "@entrepot/registry/samples";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api, createEndpoint, pushPolicy, total } from "./entrepot-api.ts";
import { runCli } from "./entrepot-cli.ts";
import { type EntrepotProcess, runEntrepot } from "./entrepot-process.ts";
import {
  atRest,
  changesThatCameBack,
  journalDifferences,
  journalHead,
  logsOfFailures,
} from "./entrepot-state.ts";
import { faultProxy } from "./fault-proxy.ts";
import { makeImage, makeTwoPlatforms } from "./images.ts";
import { deleteTag, pushOnce } from "./push-client.ts";
import { contentsOf, readEverything } from "./registry-contents.ts";
import { waitUntil } from "./wait-until.ts";

type Contents = Readonly<Record<string, string>>;

interface Conflict {
  readonly id: number;
  readonly repository: string;
  readonly tag: string;
  readonly winner: string | null;
  readonly loser: string | null;
}

describe("registries that replicate to each other", () => {
  let a: EntrepotProcess;
  let b: EntrepotProcess;
  let c: EntrepotProcess;
  const servers = () => [a, b, c];

  logsOfFailures(servers);
  beforeAll(async () => {
    const [first, second, third] = ["a", "b", "c"].map((name) => runEntrepot({ name }));
    [a, b, c] = await Promise.all([first!, second!, third!]);
  });
  afterAll(async () => {
    await Promise.all(servers().map((server) => server?.close()));
  });

  /** A policy by events, deletions too, for the repositories `library/${part}/**`. */
  async function send(
    from: EntrepotProcess,
    to: EntrepotProcess,
    part: string,
    url = to.url,
  ): Promise<void> {
    const name = `${part}-to-${to.name}`;
    const { credential } = to;
    const endpoint = await createEndpoint(from, name, "harbor", { url, credential });
    const filters = [{ type: "name", value: `library/${part}/**` }];
    await pushPolicy(from, name, endpoint, { filters });
  }

  /** What a server has of `library/${part}`. */
  async function partOf(server: EntrepotProcess, part: string): Promise<Contents> {
    const entries = Object.entries(await contentsOf(server));
    return Object.fromEntries(entries.filter(([key]) => key.startsWith(`library/${part}/`)));
  }

  /** Waits until all of `members` have `expected`, whole, and nobody has anything left to do. */
  async function settled(
    members: readonly EntrepotProcess[],
    part: string,
    expected: Readonly<Record<string, Sample>>,
  ): Promise<void> {
    const digests = Object.fromEntries(
      Object.entries(expected).map(([key, sample]) => [key, sample.content.digest as string]),
    );
    for (const server of members) {
      await waitUntil(`${server.name} has it all`, () => partOf(server, part), digests);
      await readEverything(server, digests);
    }
    for (const server of members) await atRest(server);
  }

  /**
   * Shows that nothing moves any more, without waiting for nothing to happen: one more tag goes
   * all the way round, and afterwards every journal is longer by just what that tag takes, and
   * `sends` more runs have begun in all; or fewer, where `upTo` says that this hangs on who is
   * quicker.
   */
  async function restsAfter(
    members: readonly EntrepotProcess[],
    part: string,
    expected: Readonly<Record<string, Sample>>,
    sends: number,
    upTo = false,
  ): Promise<void> {
    const count = () => Promise.all(members.map(async (member) => journalHead(member)));
    const runs = () => Promise.all(members.map((one) => total(one, "/replication/executions")));
    const before = { heads: await count(), runs: sum(await runs()) };
    const marker = makeImage();
    await pushOnce(members[0]!, `library/${part}/app`, marker, "marker");
    await settled(members, part, { ...expected, [`library/${part}/app:marker`]: marker });
    // The manifest and the tag.
    expect(await count()).toEqual(before.heads.map((head) => head + 2));
    const more = sum(await runs()) - before.runs;
    expect(upTo ? Math.max(more, sends) : more).toBe(sends);
  }
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

  test("two masters: pushes, retags and deletions on both sides come to rest", async () => {
    await send(a, b, "pair");
    await send(b, a, "pair");
    const [one, two, three] = [makeImage(), makeImage(), makeTwoPlatforms()];
    const app = "library/pair/app";
    await Promise.all([pushOnce(a, app, one, "1"), pushOnce(b, app, two, "2")]);
    await Promise.all([pushOnce(a, app, three, "3"), pushOnce(b, "library/pair/b", one, "1")]);
    const first = { [`${app}:1`]: one, [`${app}:2`]: two, [`${app}:3`]: three };
    await settled([a, b], "pair", { ...first, "library/pair/b:1": one });

    await pushOnce(b, app, two, "1");
    await pushOnce(a, app, one, "2");
    await deleteTag(b, app, "3");
    const second = { [`${app}:1`]: two, [`${app}:2`]: one, "library/pair/b:1": one };
    await settled([a, b], "pair", second);
    await restsAfter([a, b], "pair", second, 1);
  });

  const SHAPES = [
    { about: "a chain of three", part: "chain", arrows: ["a>b", "b>c"], writers: "a", sends: 2 },
    {
      about: "a hub and two spokes",
      part: "hub",
      arrows: ["a>b", "b>a", "a>c", "c>a"],
      writers: "abc",
      sends: 2,
    },
    {
      about: "a full mesh of three",
      part: "mesh",
      arrows: ["a>b", "b>a", "a>c", "c>a", "b>c", "c>b"],
      writers: "abc",
      // Both may pass it on to each other before they hear that the other has it.
      sends: 4,
      upTo: true,
    },
  ];

  test.each(SHAPES)("$about: what is pushed, moved and deleted comes to rest", async (shape) => {
    const { part, arrows, sends, upTo } = shape;
    const named = new Map(servers().map((server) => [server.name, server]));
    for (const [from, , to] of arrows) await send(named.get(from!)!, named.get(to!)!, part);
    const writers = [...shape.writers].map((name) => named.get(name)!);
    const app = `library/${part}/app`;
    const [first, second, whole] = [makeImage(), makeImage(), makeTwoPlatforms()];
    const tagOf = ({ name }: EntrepotProcess) => `${app}:of-${name}`;
    const allNaming = (sample: Sample) =>
      Object.fromEntries(writers.map((writer) => [tagOf(writer), sample]));

    const [writer] = writers;
    await pushOnce(writer!, app, whole, "gone");
    await Promise.all(writers.map((one) => pushOnce(one, app, first, `of-${one.name}`)));
    await settled(servers(), part, { ...allNaming(first), [`${app}:gone`]: whole });

    // Each moves what another has made.
    const next = (n: number) => writers[(n + 1) % writers.length]!;
    const moving = writers.map((one, n) => pushOnce(one, app, second, `of-${next(n).name}`));
    await Promise.all([...moving, deleteTag(writers.at(-1)!, app, "gone")]);
    await settled(servers(), part, allNaming(second));
    await restsAfter(servers(), part, allNaming(second), sends, upTo);
  });

  test("three in a ring: what is pushed to any arrives at all, and comes to rest", async () => {
    await send(a, b, "ring");
    await send(b, c, "ring");
    await send(c, a, "ring");
    const app = "library/ring/app";
    const images = [makeImage(), makeImage(), makeTwoPlatforms()];
    await Promise.all(servers().map((server, i) => pushOnce(server, app, images[i]!, `t${i}`)));
    const [x, y, z] = images as [Sample, Sample, Sample];
    await settled(servers(), "ring", { [`${app}:t0`]: x, [`${app}:t1`]: y, [`${app}:t2`]: z });

    await Promise.all(servers().map((server, i) => pushOnce(server, app, y, `t${(i + 1) % 3}`)));
    await pushOnce(c, "library/ring/other", x, "latest");
    const expected = Object.fromEntries([0, 1, 2].map((i) => [`${app}:t${i}`, y]));
    const all = { ...expected, "library/ring/other:latest": x };
    await settled(servers(), "ring", all);
    await restsAfter(servers(), "ring", all, 2);
  });

  test("one tag pushed to two masters at once: both end with the same", async () => {
    const app = "library/pair/race";
    const before = await partOf(a, "pair");
    const pushed = Array.from({ length: 10 }, () => makeImage());
    for (let n = 0; n < pushed.length; n += 2) {
      await Promise.all([
        pushOnce(a, app, pushed[n]!, "same"),
        pushOnce(b, app, pushed[n + 1]!, "same"),
      ]);
    }
    // What was pushed before a marker has been planned when the marker arrives.
    const [fromA, fromB] = [makeImage(), makeImage()];
    await Promise.all([pushOnce(a, app, fromA, "a"), pushOnce(b, app, fromB, "b")]);
    for (const server of [a, b]) {
      const markers = async () => {
        const { [`${app}:a`]: ofA, [`${app}:b`]: ofB } = await partOf(server, "pair");
        return [ofA, ofB];
      };
      await waitUntil("the markers are here", markers, [
        fromA.content.digest,
        fromB.content.digest,
      ]);
    }
    for (const server of [a, b, a]) await atRest(server);
    const [{ [`${app}:same`]: same, ...rest }, there] = [
      await partOf(a, "pair"),
      await partOf(b, "pair"),
    ];
    expect(there[`${app}:same`]).toBe(same);
    // A later push on one side has seen the earlier ones there, so that one of the last two stays.
    expect(pushed.slice(-2).map(({ content }) => content.digest)).toContain(same);
    expect(rest).toMatchObject(before);
  });

  test("one tag changed on two masters that cannot talk: equal, and listed", async () => {
    const links = await Promise.all([faultProxy(a.url), faultProxy(b.url)]);
    try {
      await send(a, b, "apart", links[1].url);
      await send(b, a, "apart", links[0].url);
      const app = "library/apart/app";
      const [common, ours, theirs] = [makeImage(), makeImage(), makeImage()];
      for (const tag of ["moved", "kept"]) await pushOnce(a, app, common, tag);
      await settled([a, b], "apart", { [`${app}:moved`]: common, [`${app}:kept`]: common });

      for (const link of links) link.plan(() => ({ refuse: true }));
      await pushOnce(a, app, ours, "moved");
      await Promise.all([
        deleteTag(a, app, "kept"),
        pushOnce(b, app, theirs, "moved"),
        pushOnce(b, app, theirs, "kept"),
      ]);
      for (const link of links) link.plan(() => ({}));

      // The later push wins, and a push outlives a deletion that did not know of it.
      await settled([a, b], "apart", { [`${app}:moved`]: theirs, [`${app}:kept`]: theirs });
      for (const server of [a, b, a]) await atRest(server);
      await expectTold(app, ours, theirs);
    } finally {
      for (const link of links) await link.close();
    }
  });

  /** Who met the other's change lists it, has what lost, and can take it off the list. */
  async function expectTold(app: string, loser: Sample, winner: Sample): Promise<void> {
    const told: string[] = [];
    for (const server of [a, b]) {
      const { json } = await api(server, "GET", "/replication/conflicts?page_size=100");
      const met = (json as Conflict[]).filter(({ repository }) => repository === app);
      if (met.length === 0) continue;
      const shown = await runCli(server, ["replication", "conflicts"]);
      for (const { tag, winner: won, loser: lost } of met) {
        told.push(`${tag}: ${won} before ${lost}`);
        expect(shown).toMatch(new RegExp(`${app}:${tag} +${won} +${lost ?? "deleted"} `));
        if (lost) await readEverything(server, { [`${app}:lost`]: lost });
      }
      await runCli(server, ["replication", "dismiss", ...met.map(({ id }) => String(id))]);
      expect(await runCli(server, ["replication", "conflicts"])).not.toContain(app);
    }
    const { digest } = winner.content;
    expect(new Set(told)).toEqual(
      new Set([`moved: ${digest} before ${loser.content.digest}`, `kept: ${digest} before null`]),
    );
  }

  test("an endpoint that was down catches up by itself", async () => {
    await send(a, c, "down");
    const app = "library/down/app";
    const [before, gone, first, last] = [makeImage(), makeImage(), makeImage(), makeImage()];
    await pushOnce(a, app, before, "before");
    await pushOnce(a, app, gone, "gone");
    await settled([a, c], "down", { [`${app}:before`]: before, [`${app}:gone`]: gone });

    await c.stop();
    await pushOnce(a, app, first, "during");
    await deleteTag(a, app, "gone");
    const failing = async () => (await fetch(`${c.url}/v2/`)).status;
    await expect(failing()).rejects.toThrow();
    await pushOnce(a, app, last, "during");
    await c.start();
    await settled([a, c], "down", { [`${app}:before`]: before, [`${app}:during`]: last });
  });

  test("no change came back to a registry that it had passed through", async () => {
    for (const server of servers()) expect(await changesThatCameBack(server)).toEqual([]);
  });

  test("all journals replay to what the tables say", async () => {
    for (const server of servers()) expect(await journalDifferences(server)).toEqual([]);
  });
});
