import { RegistryError } from "@entrepot/oci";
import type { Repository } from "@entrepot/registry";

/**
 * `repository`, read as a copy's source: what it throws says so in its detail, so that absence at
 * the source can be told from absence at the target.
 */
export function sourceSide(repository: Repository): Repository {
  const marked = <A extends unknown[], T>(ask: (...args: A) => Promise<T>) => {
    return (...args: A): Promise<T> =>
      ask(...args).catch((error: unknown) => {
        throw markedError(error);
      });
  };
  return {
    ...repository,
    resolve: marked((reference) => repository.resolve(reference)),
    stat: marked((digest) => repository.stat(digest)),
    fetch: marked((content, range) => repository.fetch(content, range)),
    referrers: marked((digest, query) => repository.referrers(digest, query)),
  };
}

function markedError(error: unknown): unknown {
  if (!(error instanceof RegistryError)) return error;
  const { code, message, detail } = error;
  const more = typeof detail === "object" ? detail : { detail };
  return new RegistryError(code, message, { cause: error, detail: { ...more, side: "source" } });
}
