import { digestOf, type Digest } from "@entrepot/oci";
import { expect, test } from "vitest";
import {
  type Compared,
  counted,
  type Decision,
  heldBack,
  NO_COUNTS,
  planRun,
  type RunRules,
  stepsOf,
} from "./plan-run.ts";
import { DEFAULT_OPTIONS, type PolicyOptions } from "./policy-options.ts";

const HERE = "11111111-1111-4111-8111-111111111111";
const PEER = "22222222-2222-4222-8222-222222222222";
const NAMES = new Map<Digest, string>();

/** A digest that goldens show by its name. */
function digest(name: string): Digest {
  const made = digestOf(Buffer.from(name));
  NAMES.set(made, name);
  return made;
}

const [old, v1, v2, theirs] = [digest("old"), digest("v1"), digest("v2"), digest("theirs")];
const made = { registry: HERE, seq: 9, path: [HERE] };
const fromPeer = { registry: PEER, seq: 4, path: [PEER, HERE] };

/** One name of each kind that there is. */
const COMPARED: Compared[] = [
  one("new", v1, null),
  one("same", v1, v1),
  one("same-but-another-was-sent", v1, v1, { brought: [v1, old], inDoubt: true }),
  one("moved-here", v2, v1, { brought: [v1] }),
  one("moved-here-and-under-way", v2, old, { brought: [v1, old] }),
  one("moved-there", v1, theirs, { brought: [v1] }),
  one("theirs-from-before", v1, theirs),
  one("gone-meanwhile", null, v1),
  one("came-from-there", v1, v1, { origin: fromPeer }),
  one("newer-there", v1, theirs, { origin: fromPeer }),
  one("deleted-there", v1, null, { origin: fromPeer }),
  one(v2, v2, null),
];

function one(
  reference: string,
  atSource: Digest | null,
  atTarget: Digest | null,
  more: Partial<Compared> = {},
): Compared {
  const at = { repository: "library/app", target: "mirror/app" };
  return { ...at, reference, atSource, atTarget, ...more };
}

const RULES: RunRules = { origin: made, peerId: null, giveBack: false };
const toPeer = { ...RULES, peerId: PEER };

const PLANS: {
  name: string;
  override?: boolean;
  options?: Partial<PolicyOptions>;
  rules: RunRules;
}[] = [
  { name: "to-a-plain-registry", rules: RULES },
  { name: "override-off", rules: RULES, override: false },
  { name: "conflicts-reported", rules: RULES, options: { onConflict: "report" } },
  { name: "to-another-entrepot", rules: toPeer },
  { name: "given-back-by-hand", rules: { ...toPeer, giveBack: true } },
];

test.each(PLANS)("a run $name", async ({ name, override = true, options, rules }) => {
  const policy = { override, options: { ...DEFAULT_OPTIONS, ...options } };
  const plan = planRun(policy, COMPARED, rules);
  await expect(textOf(plan)).toMatchFileSnapshot(`plan-${name}.golden.txt`);
});

test("a step is what its decision says, and nothing is done twice", () => {
  const policy = { override: true, options: DEFAULT_OPTIONS };
  const [decision] = planRun(policy, [one("new", v1, null, { origin: fromPeer })], RULES);
  const at = { repository: "library/app", reference: "new", target: "mirror/app" };
  const step = { operation: "copy", ...at, digest: v1, origin: fromPeer } as const;
  expect(stepsOf([decision!])).toEqual([step]);
});

/** A plan for people: what happens, what is under the name, where it goes. */
function textOf(plan: readonly Decision[]): string {
  const shown = (of: Digest | null) => (of === null ? "nothing" : NAMES.get(of)!);
  const lines = plan.map(({ verdict, reference, target, atSource, atTarget, step }) => {
    const name = NAMES.get(reference as Digest) ?? reference;
    const what = `${target}:${name}`.padEnd(40);
    const how = step ? step.operation : "leave";
    return `${verdict.padEnd(10)}${how.padEnd(8)}${what}${shown(atSource)} over ${shown(atTarget)}`;
  });
  const counts = Object.entries(counted(NO_COUNTS, plan)).filter(([, n]) => n > 0);
  return [...lines, "", ...counts.map(([verdict, n]) => `${verdict}: ${n}`), ""].join("\n");
}

test.each([
  { ceiling: {}, deletions: 1000, replicated: 1000, held: 0 },
  { ceiling: { maxDeletions: 10 }, deletions: 10, replicated: 1000, held: 0 },
  { ceiling: { maxDeletions: 10 }, deletions: 11, replicated: 1000, held: 11 },
  { ceiling: { maxDeletions: 0 }, deletions: 1, replicated: 1000, held: 1 },
  { ceiling: { maxDeletions: 0 }, deletions: 0, replicated: 1000, held: 0 },
  { ceiling: { maxDeletionPercent: 10 }, deletions: 100, replicated: 1000, held: 0 },
  { ceiling: { maxDeletionPercent: 10 }, deletions: 101, replicated: 1000, held: 101 },
  { ceiling: { maxDeletionPercent: 100 }, deletions: 7, replicated: 7, held: 0 },
  { ceiling: { maxDeletionPercent: 50 }, deletions: 1, replicated: 1, held: 1 },
  { ceiling: { maxDeletions: 5, maxDeletionPercent: 50 }, deletions: 6, replicated: 99, held: 6 },
  { ceiling: { maxDeletions: 5 }, deletions: 9, replicated: 99, confirmed: 9, held: 0 },
  { ceiling: { maxDeletions: 5 }, deletions: 10, replicated: 99, confirmed: 9, held: 10 },
])("a ceiling of $ceiling holds back $held of $deletions", (given) => {
  const { ceiling, deletions, replicated, confirmed = 0, held } = given;
  const policy = { options: { ...DEFAULT_OPTIONS, ...ceiling } };
  expect(heldBack(policy, deletions, replicated, confirmed)).toBe(held);
});
