import { RegistryError } from "@entrepot/oci";

/** What to do about S3's own error codes, and about those of the way there. */
const ADVICE: Readonly<Record<string, string>> = {
  NoSuchBucket: "there is no such bucket; create it",
  InvalidAccessKeyId: "the access key is unknown there; check ENTREPOT_S3_ACCESS_KEY",
  SignatureDoesNotMatch: "the secret key is wrong; check ENTREPOT_S3_SECRET_KEY",
  AccessDenied: "the keys have no right to that; see docs/guides/s3.md for the rights needed",
  Forbidden: "the keys are wrong or have no right to that; see docs/guides/s3.md",
  RequestTimeTooSkewed: "this machine's clock is off; set it right",
  ExpiredToken: "the credentials have expired; renew them",
  PermanentRedirect: "the bucket is in another region; give region=… in the address",
  AuthorizationHeaderMalformed: "the bucket is in another region; give region=… in the address",
  QuotaExceeded: "the quota there is used up; raise it or free some space",
  XMinioStorageFull: "the storage there is full; free some space",
  SlowDown: "there are too many requests there; it goes on once there are fewer",
  CredentialsProviderError:
    "no credentials were found; give ENTREPOT_S3_ACCESS_KEY and ENTREPOT_S3_SECRET_KEY",
  NotImplemented: "the server cannot do that; see docs/guides/s3.md for what is needed",
  ENOTFOUND: "the endpoint's name is unknown; check the address",
  ECONNREFUSED: "nothing listens at the endpoint; check the address, and that it runs",
  TimeoutError: "the endpoint did not answer in time; check the network",
};

/** True if `error` says that an object, or an upload in parts, is not there. */
export function isAbsent(error: unknown): boolean {
  return ["NoSuchKey", "NotFound", "NoSuchUpload"].includes(codeOf(error));
}

/** True if `error` says that there is an object already, or that another writer was sooner. */
export function isTaken(error: unknown): boolean {
  return ["PreconditionFailed", "ConditionalRequestConflict"].includes(codeOf(error));
}

/** True if `error` says that an object ends before the range that was asked for. */
export function isBeyondEnd(error: unknown): boolean {
  return codeOf(error) === "InvalidRange" || statusOf(error) === 416;
}

/**
 * What to throw when S3 refused `doing` at `place` (a bucket and its prefix): UNAVAILABLE, with a
 * message that says what to do. A RegistryError comes back as it is.
 */
export function s3Failure(error: unknown, doing: string, place: string): RegistryError {
  if (error instanceof RegistryError) return error;
  const code = codeOf(error);
  const status = statusOf(error);
  const advice = ADVICE[code] ?? "check the server and the network, and try again";
  const told = code === "" ? (status ?? "no answer") : code;
  const message = `${doing} failed in ${place} (${told}): ${advice}`;
  return new RegistryError("UNAVAILABLE", message, { cause: error });
}

/** S3's code, or that of the network; a HEAD is answered by a status alone. */
function codeOf(error: unknown): string {
  const { name, Code, code } = (error ?? {}) as Record<string, unknown>;
  const named = [Code, code, name].find(
    (text) => typeof text === "string" && text !== "Error" && text !== "Unknown",
  ) as string | undefined;
  if (named !== undefined) return named;
  return (
    { 403: "Forbidden", 404: "NotFound", 412: "PreconditionFailed" }[statusOf(error) ?? 0] ?? ""
  );
}

function statusOf(error: unknown): number | undefined {
  const { $metadata } = (error ?? {}) as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}
