import { digestOf, type Digest } from "@entrepot/oci";
import { expect, test } from "vitest";
import { type NameChange, planEvents, planned, type ReplicaState, type Step } from "./planner.ts";
import type { Policy } from "./ports.ts";
import { EVERYTHING } from "./testing.ts";

const digest = (text: string): Digest => digestOf(Buffer.from(text));
const [v1, v2, sig] = [digest("v1"), digest("v2"), digest("signature")];
const HERE = "11111111-1111-4111-8111-111111111111";
const PEER = "22222222-2222-4222-8222-222222222222";

function policy(settings: Partial<Policy> = {}): Policy {
  const at = new Date(0);
  return {
    id: 1,
    ...EVERYTHING,
    destEndpointId: 7,
    filters: [
      { type: "name", value: "library/**" },
      { type: "tag", value: "v*" },
    ],
    createdAt: at,
    updatedAt: at,
    ...settings,
  };
}

function tag(reference: string, to: Digest | null, path: string[] = []): NameChange {
  const origin = { registry: path[0] ?? HERE, seq: 1, path: [...path, HERE] };
  return { kind: "tag", repository: "library/app", reference, digest: to, subject: null, origin };
}

/** `change` as one that carries a clock. */
function clocked(change: NameChange): NameChange {
  return { ...change, origin: { ...change.origin, clock: `${HERE}:1700000000000.0` } };
}

function manifest(reference: Digest, to: Digest | null, subject: Digest | null = null): NameChange {
  return { ...tag(reference, to), kind: "manifest", subject };
}

function has(reference: string, state: Partial<ReplicaState> = {}): ReplicaState {
  const row = { wanted: v1, arrived: v1, sent: v1, ...state };
  return { repository: "library/app", reference, ...row };
}

/** A step in one word per part: `copy v1`, `delete v1`, `settle v1`. */
const short = (step: Step): string => `${step.operation} ${step.reference}`;

const CASES: {
  title: string;
  policy?: Partial<Policy>;
  changes: NameChange[];
  known?: ReplicaState[];
  steps: string[];
}[] = [
  { title: "a tag is copied", changes: [tag("v1", v1)], steps: ["copy v1"] },
  {
    title: "each of several tags of one digest is copied",
    changes: [manifest(v1, v1), tag("v1", v1), tag("v1.0", v1), tag("v1.0.0", v1)],
    steps: ["copy v1", "copy v1.0", "copy v1.0.0"],
  },
  {
    title: "a tag pushed twice is copied once, as it was last",
    changes: [tag("v1", v1), tag("v1", v2)],
    steps: ["copy v1"],
  },
  { title: "a tag that the filter leaves out is not", changes: [tag("latest", v1)], steps: [] },
  {
    title: "a repository that the filter leaves out is not",
    policy: { filters: [{ type: "name", value: "other/**" }] },
    changes: [tag("v1", v1)],
    steps: [],
  },
  {
    title: "an excluding filter leaves out what it matches",
    policy: { filters: [{ type: "tag", value: "v1*", decoration: "excludes" }] },
    changes: [tag("v1", v1), tag("v2", v2)],
    steps: ["copy v2"],
  },
  {
    title: "a manifest without a tag travels where the filters take untagged ones",
    policy: { filters: [] },
    changes: [manifest(v2, v2)],
    steps: [`copy ${v2}`],
  },
  { title: "and stays where they do not", changes: [manifest(v2, v2)], steps: [] },
  {
    title: "a referrer travels with its subject",
    changes: [tag("v1", v1), manifest(sig, sig, v1)],
    steps: ["copy v1", `copy ${sig}`],
  },
  {
    title: "a signature's tag travels with its subject",
    changes: [tag(`sha256-${v1.slice(7)}.sig`, sig)],
    known: [has("v1")],
    steps: [`copy sha256-${v1.slice(7)}.sig`],
  },
  {
    title: "a change that came from the peer is settled, not sent back",
    changes: [tag("v1", v1, [PEER])],
    steps: ["settle v1"],
  },
  {
    title: "a change that passed through the peer is not sent there again",
    changes: [tag("v1", v1, ["33333333-3333-4333-8333-333333333333", PEER])],
    steps: ["settle v1"],
  },
  {
    title: "a deletion is sent for what was replicated",
    changes: [tag("v1", null)],
    known: [has("v1")],
    steps: ["delete v1"],
  },
  {
    title: "also for what may have arrived before a crash",
    changes: [tag("v1", null)],
    known: [has("v1", { arrived: null })],
    steps: ["delete v1"],
  },
  { title: "but not for what never was", changes: [tag("v9", null)], steps: [] },
  {
    title: "without deletion, a deleted tag is no longer wanted",
    policy: { deletion: false },
    changes: [tag("v1", null)],
    known: [has("v1", { wanted: v2 })],
    steps: ["settle v1"],
  },
  {
    title: "a deleted artifact is deleted with the tags that were sent",
    changes: [tag("v1", null), manifest(v1, null)],
    known: [has("v1")],
    steps: ["delete v1", `delete ${v1}`],
  },
  {
    title: "a tag pushed and deleted at once ends deleted",
    changes: [tag("v1", v1), tag("v1", null)],
    steps: ["delete v1"],
  },
  {
    title: "another Entrepot is told of a deletion, though nothing was sent there",
    changes: [clocked(tag("v1", null))],
    steps: ["delete v1"],
  },
  {
    title: "and of a second one while the first is on its way: it knows of more",
    changes: [clocked(tag("v1", null))],
    known: [has("v1", { wanted: null, arrived: null, sent: null })],
    steps: ["delete v1"],
  },
  {
    title: "but not of one that the filters leave out",
    changes: [clocked(tag("latest", null))],
    steps: [],
  },
  {
    title: "nor of one that came from it",
    changes: [clocked(tag("v1", null, [PEER]))],
    known: [has("v1", { wanted: null, arrived: null, sent: null })],
    steps: ["settle v1"],
  },
];

for (const { title, policy: settings, changes, known = [], steps } of CASES) {
  test(title, () => {
    const plan = planned(policy(settings), PEER);
    expect(planEvents(plan, changes, known).map(short)).toEqual(steps);
  });
}
