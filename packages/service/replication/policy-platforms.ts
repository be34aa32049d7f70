import { asDigest, type Descriptor } from "@entrepot/oci";
import { type CopyOptions, type Repository, withPlatforms } from "@entrepot/registry";
import { compileFilters } from "./filters.ts";
import type { Policy } from "./ports.ts";
import type { Replica } from "./replicas.ts";

type Filtered = Pick<Policy, "filters" | "options">;

/**
 * `source` as the policy's copies read it: where indexes are rewritten for its platforms, with the
 * digests that they then have. It is those that replicas want, and that arrive.
 */
export function selectedPlatforms(policy: Filtered, source: Repository): Repository {
  const takes = rewritesFor(policy);
  return takes ? withPlatforms(source, takes) : source;
}

/** The platforms that indexes are rewritten for; null where they stay as they are. */
export function rewritesFor({
  filters,
  options,
}: Filtered): ((platform: string) => boolean) | null {
  if (options.indexMode !== "rewritten") return null;
  return compileFilters(filters).platform;
}

/** What leaves children of indexes out of a copy, where indexes stay as they are. */
export function sparseOptions({ filters, options }: Filtered): Pick<CopyOptions, "platforms"> {
  const { platform } = compileFilters(filters);
  return platform && options.indexMode === "sparse" ? { platforms: platform } : {};
}

/**
 * What `replica` wants, as `source` has it now. A rewritten index has no name there but that of the
 * index it was made of.
 */
export async function wantedContent(
  source: Repository,
  { wanted, reference }: Pick<Replica, "wanted" | "reference">,
): Promise<Descriptor | null> {
  const content = await source.resolve(wanted!);
  if (content?.digest === wanted) return content;
  const named = await source.resolve(asDigest(reference) ?? reference);
  return named?.digest === wanted ? named : null;
}
