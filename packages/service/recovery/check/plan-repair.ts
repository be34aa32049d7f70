import { asDigest, type Digest } from "@entrepot/oci";
import type { Copy, Finding, FindingClass } from "./ports.ts";

/**
 * What is done about a finding: `heal` from a copy, `set-aside` what is damaged so that pulls say
 * so and a push heals it, `recount` a quota, `correct` a row by the bytes it is about, or `leave`.
 */
export type RepairAct = "heal" | "set-aside" | "recount" | "correct" | "leave";

/** What came of it; `whole`: it was healed meanwhile. */
export type RepairOutcome = "healed" | "set-aside" | "corrected" | "whole" | "left";

/** One finding in a plan. */
export interface RepairItem {
  readonly class: FindingClass;
  readonly name: string;
  /** Bytes. */
  readonly size: number | null;
  readonly act: RepairAct;
  /** Where whole copies are said to be, the nearest first. */
  readonly copies: readonly Copy[];
  /** Why it is left or set aside. */
  readonly why: string;
}

const LEFT: Partial<Record<FindingClass, string>> = {
  "dangling-child": "push the image again; what it lacks is not known to be anywhere",
  "dangling-referrer": "the specification allows it",
  journal: "which of the two is right cannot be told; see the history of the name",
  orphan: "garbage collection removes it",
};

/**
 * What is done about `findings`, of which `copiesOf` are the copies of bytes by digest. Decides by
 * these alone.
 */
export function planRepair(
  findings: readonly Omit<Finding, "id" | "harms" | "foundAt" | "detail">[],
  copiesOf: ReadonlyMap<Digest, readonly Copy[]>,
): RepairItem[] {
  return findings.map(({ class: kind, name, size }) => {
    const item = { class: kind, name, size, copies: [] as readonly Copy[], why: "" };
    const left = LEFT[kind];
    if (left) return { ...item, act: "leave", why: left };
    if (kind === "usage") return { ...item, act: "recount" };
    if (kind === "manifest-row" || kind === "blob-row") return { ...item, act: "correct" };
    const digest = asDigest(name.slice(name.indexOf("@") + 1));
    const copies = (digest && copiesOf.get(digest)) ?? [];
    if (kind === "manifest-bytes") {
      return copies.length > 0
        ? { ...item, act: "correct", copies }
        : { ...item, act: "leave", why: "no copy has it; push it again" };
    }
    if (copies.length > 0) return { ...item, act: "heal", copies };
    if (kind === "missing") return { ...item, act: "leave", why: "no copy has it; push it again" };
    return { ...item, act: "set-aside", why: "no copy has it; a push heals it" };
  });
}
