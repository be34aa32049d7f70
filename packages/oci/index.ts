export type { Bytes } from "./bytes.ts";
export { cosignSubjectOf, cosignSuffixes, cosignTagOf } from "./cosign.ts";
export { type Descriptor, type Platform, platformText } from "./descriptor.ts";
export { algorithmOf, asDigest, digestOf, hexOf, parseDigest } from "./digest.ts";
export type { Algorithm, Digest } from "./digest.ts";
export { RegistryError } from "./error.ts";
export type { ErrorCode } from "./error.ts";
export { exchangeOf, httpExchange, withoutSecrets } from "./http-exchange.ts";
export type { HttpExchange } from "./http-exchange.ts";
export {
  artifactTypeOf,
  childrenOf,
  MANIFEST_LIMIT_BYTES,
  parseManifest,
  referrerOf,
} from "./manifest.ts";
export type { Children, Manifest } from "./manifest.ts";
export {
  isIndexType,
  isManifestType,
  isNonDistributable,
  isSchema1Type,
  manifestTypes,
  mediaTypeOf,
  mediaTypes,
} from "./media-types.ts";
export {
  asReference,
  isRepositoryName,
  isTag,
  parseReference,
  parseRepositoryName,
  parseTag,
  projectOf,
  REPOSITORY_NAME_LIMIT,
} from "./reference.ts";
export type { Reference } from "./reference.ts";
