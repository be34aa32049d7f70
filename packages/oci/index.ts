export type { Bytes } from "./bytes.ts";
export type { Descriptor, Platform } from "./descriptor.ts";
export { algorithmOf, asDigest, digestOf, hexOf, parseDigest } from "./digest.ts";
export type { Algorithm, Digest } from "./digest.ts";
export { RegistryError } from "./error.ts";
export type { ErrorCode } from "./error.ts";
