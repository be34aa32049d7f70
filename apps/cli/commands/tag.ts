import type { Artifact, Tag } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { artifactNamed, repositoryNamed } from "../names.ts";
import type { ListOptions } from "../options.ts";
import { withExample, withLimit, withYes } from "../options.ts";
import type { View } from "../output.ts";

/** A tag with the digest of what it names. */
type ShownTag = Tag & { readonly digest: string };

const tagView: View<ShownTag> = {
  name: (tag) => tag.name,
  columns: ({ time, digest }) => [
    { title: "TAG", value: (tag) => tag.name },
    { title: "DIGEST", value: (tag) => digest(tag.digest) },
    { title: "PUSHED", value: (tag) => time(tag.push_time) },
    { title: "PULLED", value: (tag) => time(tag.pull_time) },
  ],
};

/** Adds `tag`. */
export function addTag(program: Command, cli: Cli): void {
  const tag = program.command("tag").description("Tags: names of artifacts.");

  const list = withLimit(
    tag.command("list").description("Lists the tags of a repository, or of one artifact."),
  )
    .argument("<repository>", "project/repository, or an artifact in it by :tag or @digest")
    .action(
      action(cli, async (call, name: string, { limit }: ListOptions) =>
        call.list(tagsOf(call, name), tagView, limit),
      ),
    );
  withExample(list, "$ entrepot tag list library/hello");

  const add = tag
    .command("add")
    .description("Gives an artifact another tag.")
    .argument("<artifact>", "project/repository:tag or project/repository@digest")
    .argument("<tag>")
    .action(
      action(cli, async (call, name: string, added: string) => {
        const params = artifactNamed(name);
        await call.api.tags.create({ params, body: { name: added } });
        const read = async () => {
          const tags = await Array.fromAsync(tagsOf(call, name));
          return tags.find((one) => one.name === added) as ShownTag;
        };
        await call.done(`${name} is tagged ${added} too.`, { read, view: tagView });
      }),
    );
  withExample(add, "$ entrepot tag add library/hello:latest 1.0");

  const remove = withYes(tag.command("delete").description("Deletes a tag; the artifact stays."))
    .argument("<tag>", "project/repository:tag")
    .action(
      action(cli, async (call, name: string, { yes }: { yes?: boolean }) => {
        const params = artifactNamed(name);
        await call.confirm(`Delete the tag ${name}?`, yes);
        await call.api.tags.delete({ params: { ...params, tag_name: params.reference } });
        await call.done(`Deleted the tag ${name}.`);
      }),
    );
  withExample(remove, "$ entrepot tag delete library/hello:1.0");
}

/** Tags of the repository, or of the artifact, that `name` names: by artifact, newest first. */
async function* tagsOf({ api }: Call, name: string): AsyncGenerator<ShownTag> {
  if (/[:@]/.test(name)) {
    yield* withDigest((await api.artifacts.get({ params: artifactNamed(name) })).body);
    return;
  }
  const params = repositoryNamed(name);
  for await (const artifact of api.each(routes.artifacts.list, { params })) {
    yield* withDigest(artifact);
  }
}

function withDigest({ tags, digest }: Artifact): ShownTag[] {
  return tags.map((tag) => ({ ...tag, digest }));
}
