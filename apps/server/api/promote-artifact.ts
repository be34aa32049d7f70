import { routes } from "@entrepot/api";
import { asDigest, parseRepositoryName, parseTag, RegistryError } from "@entrepot/oci";
import { type ApiOptions, type App, requires } from "./app.ts";
import { artifactAt } from "./artifact-rows.ts";
import { copyArtifact } from "./copy-artifact.ts";
import { repositoryNamed } from "./repository-rows.ts";

const { artifacts } = routes;

/** Adds promotion: a copy with other tags within this registry, or an execution to an endpoint. */
export function addPromotion(app: App, options: ApiOptions): void {
  const middleware = requires(options, "artifact:read");
  app.openapi({ ...artifacts.promote, middleware }, async (context) => {
    const { repository_name: name, reference } = context.req.valid("param");
    const { registry_id: endpointId, repository, tags } = context.req.valid("json");
    const source = await repositoryNamed(options, `${context.get("project").name}/${name}`);
    const { digest } = await artifactAt(options, source, reference);
    const wanted = tags ?? (asDigest(reference) ? [] : [reference]);
    wanted.forEach(parseTag);
    const target = parseRepositoryName(repository);

    if (endpointId == null) {
      const from = `${source.name}@${digest}`;
      await copyArtifact(options, context, from, target, wanted);
      context.header("Location", locationOf(target, digest));
      return context.body(null, 201);
    }
    if (!context.get("identity").sysadmin) {
      throw new RegistryError(
        "FORBIDDEN",
        "endpoints have credentials of their own: only a system administrator promotes to them",
      );
    }
    const promotion = { endpointId, repository: source.name, digest: digest as never, target };
    const id = await options.replication.promote(
      { ...promotion, tags: wanted },
      context.get("actor"),
    );
    context.header("Location", `/api/v2.0/replication/executions/${id}`);
    return context.body(null, 201);
  });
}

function locationOf(target: string, digest: string): string {
  const slash = target.indexOf("/");
  const rest = encodeURIComponent(encodeURIComponent(target.slice(slash + 1)));
  return `/api/v2.0/projects/${target.slice(0, slash)}/repositories/${rest}/artifacts/${digest}`;
}
