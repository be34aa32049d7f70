import { routes, type WaitRequest } from "@entrepot/api";
import { asDigest, isRepositoryName, isTag, projectOf, RegistryError } from "@entrepot/oci";
import { type ImageName, waitUntilArrived, type Whereabouts } from "@entrepot/replication";
import { type ApiOptions, type App, requires } from "./app.ts";

/** Adds waiting for images to be everywhere they should be. */
export function addWait(app: App, options: ApiOptions): void {
  const { access, catalog } = options;
  const middleware = requires(options, "account");

  app.openapi({ ...routes.standing.wait, middleware }, async (context) => {
    const asked = context.req.valid("json");
    const images = imagesOf(asked);
    const identity = context.get("identity");
    for (const project of new Set(images.map((image) => projectOf(image.repository)))) {
      if (await access.may(identity, project, "repository", "push")) continue;
      const what = `project '${project}' does not exist, or you may not push to it`;
      throw new RegistryError("NOT_FOUND", what);
    }
    const found = await waitUntilArrived(catalog, {
      images,
      timeoutMs: asked.timeout * 1000,
      signal: context.req.raw.signal,
      ...(asked.policies?.length && { policyIds: asked.policies }),
    });
    const arrived = found.every((image) => image.arrived);
    return context.json({ arrived, images: found.map(shown) }, 200);
  });
}

function imagesOf({ references = [], repository, tag, digest }: WaitRequest): ImageName[] {
  const images = references.map(imageOf);
  if (repository !== undefined) {
    images.push(imageOf(digest ? `${repository}@${digest}` : `${repository}:${tag ?? "latest"}`));
  }
  if (images.length > 0) return images;
  throw new RegistryError("BAD_REQUEST", "say what to wait for: references, or a repository");
}

/** `project/repository:tag` or `project/repository@digest`. Throws BAD_REQUEST. */
function imageOf(text: string): ImageName {
  const [, repository = "", tag, digest] = /^([^:@]+)(?::([^:@/]+)|@(.+))$/.exec(text) ?? [];
  const reference = tag ?? digest ?? "";
  const sound = tag === undefined ? asDigest(reference) !== null : isTag(reference);
  if (sound && isRepositoryName(repository)) return { repository, reference };
  const how = "give project/repository:tag or project/repository@digest";
  throw new RegistryError("BAD_REQUEST", `${JSON.stringify(text)} is not an image; ${how}`);
}

function shown({ destinations, ...image }: Whereabouts) {
  return {
    ...image,
    destinations: destinations.map((one) => ({
      policy_id: one.policyId,
      policy_name: one.policyName,
      endpoint_name: one.endpointName,
      target: one.target,
      arrived: one.arrived,
      why: one.why,
    })),
  };
}
