import { type ArtifactContent, routes } from "@entrepot/api";
import { type Descriptor, parseManifest } from "@entrepot/oci";
import { collect, type Repository } from "@entrepot/registry";
import { type ApiOptions, type App, requires } from "./app.ts";
import { artifactAt } from "./artifact-rows.ts";
import { repositoryNamed } from "./repository-rows.ts";

/** Larger configs are not shown. */
const CONFIG_BYTES = 4 << 20;
const MANIFEST_BYTES = 4 << 20;

/** Adds what artifacts say of themselves: manifest and config. */
export function addArtifactContent(app: App, options: ApiOptions): void {
  const middleware = requires(options, "artifact:read");
  app.openapi({ ...routes.artifactContent.get, middleware }, async (context) => {
    const { repository_name: name, reference } = context.req.valid("param");
    const at = await repositoryNamed(options, `${context.get("project").name}/${name}`);
    const row = await artifactAt(options, at, reference);
    const repository = options.content.as(context.get("actor")).repository(at.name);
    const found = { mediaType: row.media_type, digest: row.digest as never, size: row.size };
    const bytes = await collect(await repository.fetch(found), MANIFEST_BYTES);
    const { config } = parseManifest(bytes, row.media_type);
    const shown: ArtifactContent = {
      digest: row.digest,
      media_type: row.media_type,
      size: row.size,
      manifest: new TextDecoder().decode(bytes),
      config: config ? await configOf(repository, config) : null,
    };
    return context.json(shown, 200);
  });
}

async function configOf(repository: Pick<Repository, "fetch">, config: Descriptor) {
  const { digest, mediaType, size } = config;
  const isShown = /[/+]json$/.test(mediaType) && size <= CONFIG_BYTES;
  const bytes = isShown ? await collect(await repository.fetch(config), CONFIG_BYTES) : null;
  const text = bytes && new TextDecoder().decode(bytes);
  return { digest, media_type: mediaType, size, text };
}
