import type { RegistryError } from "@entrepot/oci";
import type { Registry, Repository } from "./ports.ts";

/**
 * `registry`, of which nothing changes while `refusal` gives an error: that is thrown by whatever
 * would. Asked at every call, so that it holds for what has begun before, too; reading goes on.
 */
export function frozenWhile(registry: Registry, refusal: () => RegistryError | null): Registry {
  const unlessFrozen =
    <A extends readonly unknown[], R>(change: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      const refused = refusal();
      if (refused) throw refused;
      return change(...given);
    };

  return {
    ...registry,
    repository(name): Repository {
      const repository = registry.repository(name);
      const { push, mount, tag, startUpload, resumeUpload } = repository;
      return {
        ...repository,
        push: unlessFrozen(push),
        mount: unlessFrozen(mount),
        tag: unlessFrozen(tag),
        startUpload: unlessFrozen(startUpload),
        resumeUpload: unlessFrozen(resumeUpload),
        delete: unlessFrozen(repository.delete),
        deleteBlob: unlessFrozen(repository.deleteBlob),
      };
    },
  };
}
