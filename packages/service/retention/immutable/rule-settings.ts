import { RegistryError } from "@entrepot/oci";

/** Which tags of which repositories of a project can be neither moved nor deleted. */
export interface ImmutableSettings {
  readonly disabled: boolean;
  /** `excludes`: all tags but those that match. */
  readonly tagDecoration: "matches" | "excludes";
  readonly tagPattern: string;
  readonly repositoryDecoration: "repoMatches" | "repoExcludes";
  /** Matched with the name without its project. */
  readonly repositoryPattern: string;
}

/** A stored rule. */
export interface ImmutableRule extends ImmutableSettings {
  readonly id: number;
  readonly projectId: number;
}

/** Compiles a pattern; throws BAD_REQUEST for a malformed one. */
export type CompileGlob = (pattern: string) => (name: string) => boolean;

const LONGEST = 256;

/** Throws BAD_REQUEST for patterns that cannot be. */
export function checkPatterns(glob: CompileGlob, patterns: readonly string[]): void {
  for (const pattern of patterns) {
    if (pattern.length > LONGEST) {
      const text = `a pattern has at most ${LONGEST} characters; this one has ${pattern.length}`;
      throw new RegistryError("BAD_REQUEST", text);
    }
    if (pattern !== "") glob(pattern);
  }
}
