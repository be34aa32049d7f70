import type { KyselyPlugin } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ANONYMOUS } from "./identity.ts";
import { openRights, visibleProjects } from "./rights.ts";
import { NO_STANDING } from "./roles.ts";
import { MEMBERS, testAccess, type TestAccess } from "./test-access.ts";

let room: TestAccess;
beforeAll(async () => {
  room = await testAccess();
});
afterAll(() => room.close());

test("questions of one turn are one query", async () => {
  let queries = 0;
  const counter: KyselyPlugin = {
    transformQuery({ node }) {
      queries += 1;
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  const rights = openRights({ ...room.catalog, db: room.catalog.db.withPlugin(counter) });
  const identities = await Promise.all(Object.keys(MEMBERS).map((who) => room.as(who)));
  const standings = await Promise.all([
    ...identities.map(({ accountId }) => rights.standing({ accountId }, "closed")),
    rights.standing({ accountId: null }, "open"),
    rights.standing({ accountId: 999_999 }, "nowhere"),
  ]);
  expect(queries).toBe(1);
  expect(standings.map(({ role }) => role)).toEqual([...Object.values(MEMBERS), null, null]);
  expect(standings.slice(-2)).toEqual([
    { ...NO_STANDING, exists: true, public: true },
    NO_STANDING,
  ]);
});

test.each(["", "a\0b", "A", "../x", "a b", "x".repeat(256)])(
  "no question is asked about %j",
  async (project) => {
    const rights = openRights({ ...room.catalog, db: undefined as never });
    expect((await rights.standing({ accountId: 1 }, project)).exists).toBe(false);
  },
);

test("lists are filtered where the rows are", async () => {
  const ALL = ["closed", "open"];
  const seen: Record<string, string[]> = {};
  const identities = {
    root: await room.as("root"),
    limited: await room.as("limited"),
    stranger: await room.as("stranger"),
    anonymous: ANONYMOUS,
    "limited, narrow token": await room.holding("limited", "repository:open/app:pull"),
    "limited, catalog token": await room.holding("limited", "registry:catalog:*"),
  };
  for (const [who, identity] of Object.entries(identities)) {
    const rows = await room.catalog.db
      .selectFrom("project")
      .select("name")
      .where(visibleProjects(identity))
      .orderBy("name")
      .execute();
    seen[who] = rows.map((row) => row.name);
  }
  expect(seen).toEqual({
    root: ALL,
    limited: ALL,
    stranger: ["open"],
    anonymous: ["open"],
    "limited, narrow token": ["open"],
    "limited, catalog token": ALL,
  });
});
