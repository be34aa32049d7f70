import type { Digest } from "./digest.ts";

/** Points at content: what it is, its hash, how long it is. Source: image-spec descriptor. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
  readonly urls?: readonly string[];
}

/** Where an image runs. Source: image-spec image-index § platform. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly "os.version"?: string;
  readonly "os.features"?: readonly string[];
}

/** `linux/arm64`, `linux/arm/v7`. */
export function platformText({
  os,
  architecture,
  variant,
}: Pick<Platform, "os" | "architecture" | "variant">): string {
  return `${os}/${architecture}${variant ? `/${variant}` : ""}`;
}
