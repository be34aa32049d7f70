export { parseChallenges, printChallenge } from "./challenge.ts";
export type { Challenge } from "./challenge.ts";
export { codeOfStatus, parseErrors, printErrors, STATUS_OF } from "./errors.ts";
export { freed } from "./freed.ts";
export * as header from "./headers.ts";
export { matchesETag, printETag } from "./headers.ts";
export { parseNextLink, printNextLink, withQuery } from "./link.ts";
export {
  blobPath,
  CATALOG_PATH,
  manifestPath,
  parsePath,
  referrersPath,
  tagsPath,
  uploadPath,
  uploadsPath,
} from "./path.ts";
export type { Route } from "./path.ts";
export {
  parseChunkRange,
  parseContentRange,
  parseRange,
  parseUploadRange,
  printChunkRange,
  printContentRange,
  printRange,
  printUnsatisfiedRange,
  printUploadRange,
} from "./range.ts";
export type { RangeAnswer, Span } from "./range.ts";
export { parseScope, printScope } from "./scope.ts";
export type { Scope } from "./scope.ts";
