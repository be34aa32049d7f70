import { asDigest, cosignSubjectOf, type Digest } from "@entrepot/oci";
import { destinationOf } from "./destination.ts";
import { compileFilters, type Selection } from "./filters.ts";
import type { Origin, Policy } from "./ports.ts";

/** A policy, ready to plan with. */
export interface Planned {
  readonly policy: Policy;
  readonly selection: Selection;
  /** The registry id of the Entrepot at the other end, if it is one. */
  readonly peerId: string | null;
  /**
   * Where filters ask for more than names: the changes (as `choiceKey` calls them) that they take.
   */
  readonly chosen?: ReadonlySet<string>;
}

/** A change of a name here, as the journal tells it. */
export interface NameChange {
  readonly kind: "tag" | "manifest";
  readonly repository: string;
  /** The tag, or the manifest's digest. */
  readonly reference: string;
  /** What it names now; null if it is gone. */
  readonly digest: Digest | null;
  /** Of a manifest: what it refers to. */
  readonly subject: Digest | null;
  /** Of what refers to something: the indexes of the repository that hold that. */
  readonly indexes?: readonly Digest[];
  readonly origin: Origin;
  /**
   * Set where the name itself has not changed, but what a filter asks of it: then it counts only
   * for policies with such a filter, and only if they do not want it already.
   */
  readonly because?: "labels" | "signed";
}

/** What a policy has wanted and sent so far, by source repository and reference. */
export interface ReplicaState {
  readonly repository: string;
  readonly reference: string;
  readonly wanted: Digest | null;
  readonly arrived: Digest | null;
  readonly sent: Digest | null;
}

/**
 * One thing to do at the target. `copy` and `delete` become tasks; `settle` only notes that the
 * target has it already.
 */
export interface Step {
  readonly operation: "copy" | "delete" | "settle";
  readonly repository: string;
  readonly reference: string;
  /** The repository at the target. */
  readonly target: string;
  /** What the reference shall name there; null for a deletion. */
  readonly digest: Digest | null;
  readonly origin: Origin;
}

/** `policy` with its filters compiled. */
export function planned(policy: Policy, peerId: string | null): Planned {
  return { policy, selection: compileFilters(policy.filters), peerId };
}

/**
 * What `changes`, in the journal's order, ask of one event-based policy that has replicated
 * `known`. Pure. A reference changed several times yields one step, the last. A change is never
 * sent to a registry on its path: there it is settled.
 */
export function planEvents(
  plan: Planned,
  changes: readonly NameChange[],
  known: readonly ReplicaState[],
): Step[] {
  const replicas = new Map(known.map((state) => [keyOf(state), state]));
  const steps = new Map<string, Step>();
  for (const change of changes) {
    if (!plan.selection.repository(change.repository)) continue;
    if (change.because && !isNew(plan, change, replicas)) continue;
    const step = stepOf(plan, change, replicas);
    if (!step) continue;
    const key = keyOf(change);
    steps.delete(key);
    steps.set(key, step);
    const before = replicas.get(key);
    const settled = step.operation === "settle";
    replicas.set(key, {
      ...change,
      wanted: step.digest,
      arrived: settled ? step.digest : (before?.arrived ?? null),
      sent: before?.sent ?? null,
    });
  }
  return withoutTwins([...steps.values()]);
}

function isNew(
  { selection }: Planned,
  change: NameChange,
  replicas: ReadonlyMap<string, ReplicaState>,
): boolean {
  if (!selection.needs.has(change.because!)) return false;
  return replicas.get(keyOf(change))?.wanted !== change.digest;
}

/** A manifest that a tag of the same batch names travels under the tag alone. */
function withoutTwins(steps: Step[]): Step[] {
  const tagged = new Set<string>();
  for (const { operation, repository, reference, digest } of steps) {
    if (operation === "copy" && digest !== reference) tagged.add(`${repository}@${digest}`);
  }
  return steps.filter((step) => step.operation !== "copy" || !tagged.has(keyOf(step)));
}

function stepOf(
  plan: Planned,
  change: NameChange,
  replicas: ReadonlyMap<string, ReplicaState>,
): Step | null {
  const known = replicas.get(keyOf(change));
  const { repository, reference, digest, origin } = change;
  const { destNamespace, destNamespaceReplaceCount, deletion } = plan.policy;
  const step = (operation: Step["operation"], to: Digest | null): Step => ({
    operation,
    repository,
    reference,
    target: destinationOf(repository, destNamespace, destNamespaceReplaceCount),
    digest: to,
    origin,
  });
  const travelled = plan.peerId !== null && origin.path.includes(plan.peerId);

  if (digest === null) {
    if (!known) {
      if (change.kind === "tag" && mayTell(plan, change, replicas)) return step("delete", null);
      const wasSent = !travelled && deletion && holders(replicas, repository, reference).length > 0;
      return change.kind === "manifest" && wasSent ? step("delete", null) : null;
    }
    if (travelled) return step("settle", null);
    if (deletion && (known.arrived ?? known.sent ?? known.wanted)) return step("delete", null);
    // An earlier deletion may be on its way still: this one takes what that did not know of.
    if (change.kind === "tag" && mayTell(plan, change, replicas)) return step("delete", null);
    return step("settle", known.arrived);
  }
  if (!selects(plan, change, replicas)) return null;
  return step(travelled ? "settle" : "copy", digest);
}

/**
 * Whether the target is told of a deletion although this policy has brought nothing there: another
 * Entrepot deletes only what was known where the deletion was made, and may have got that from
 * elsewhere; in a ring, nobody but us can tell it.
 */
function mayTell(
  plan: Planned,
  change: NameChange,
  replicas: ReadonlyMap<string, ReplicaState>,
): boolean {
  const { path, clock } = change.origin;
  if (plan.peerId === null || clock === undefined || path.includes(plan.peerId)) return false;
  return plan.policy.deletion && selects(plan, change, replicas);
}

/**
 * A tag is selected by the filters; a manifest without one where the filters take untagged ones.
 * What refers to something that this policy replicates (a signature, an SBOM) travels with it.
 */
function selects(
  plan: Planned,
  change: NameChange,
  replicas: ReadonlyMap<string, ReplicaState>,
): boolean {
  const isTag = change.kind === "tag";
  const { selection, chosen } = plan;
  if (selection.tag(isTag ? change.reference : "") && (!chosen || chosen.has(choiceKey(change)))) {
    return true;
  }
  const subject = isTag ? cosignSubjectOf(change.reference) : change.subject;
  if (subject === null) return false;
  return [subject, ...(change.indexes ?? [])].some(
    (digest) => holders(replicas, change.repository, digest).length > 0,
  );
}

/** Replicas of `repository` that want or have `digest`. */
function holders(
  replicas: ReadonlyMap<string, ReplicaState>,
  repository: string,
  digest: string,
): ReplicaState[] {
  return [...replicas.values()].filter(
    (state) =>
      state.repository === repository && (state.wanted === digest || state.arrived === digest),
  );
}

/** One key per name and what it names. */
export function choiceKey(change: {
  repository: string;
  reference: string;
  digest: Digest | null;
}): string {
  return `${keyOf(change)} ${change.digest}`;
}

/** One key per name at the source. */
export function keyOf(name: { repository: string; reference: string }): string {
  const separator = asDigest(name.reference) ? "@" : ":";
  return `${name.repository}${separator}${name.reference}`;
}
