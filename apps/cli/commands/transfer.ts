import { mkdir, stat } from "node:fs/promises";
import { routes } from "@entrepot/api";
import { endpointFetch, type RemoteRegistry, remoteRegistry } from "@entrepot/distribution/client";
import {
  layoutFolder,
  layoutRegistry,
  type LayoutRegistry,
  readLayoutTar,
  writeLayoutTar,
} from "@entrepot/layout";
import { RegistryError } from "@entrepot/oci";
import { listOf, pages, type Registry } from "@entrepot/registry";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { counted, formatBytes } from "../format.ts";
import { nameFilter } from "../name-filter.ts";
import { repeated, withExample } from "../options.ts";
import type { View } from "../output.ts";
import { type ImageTag, type Transferred, transferImages } from "../transfer-images.ts";

interface FilterOptions {
  readonly project?: readonly string[];
  readonly repository?: readonly string[];
  readonly tag?: readonly string[];
}

const transferredView: View<Transferred> = {
  name: ({ images }) => String(images),
  columns: () => [
    { title: "IMAGES", value: ({ images }) => String(images), align: "right" },
    { title: "UNCHANGED", value: ({ unchanged }) => String(unchanged), align: "right" },
    { title: "SENT", value: (done) => formatBytes(done.bytes_sent), align: "right" },
    { title: "COMPARED", value: ({ compared }) => String(compared), align: "right" },
  ],
};

/** Adds `export` and `import`. */
export function addTransfer(program: Command, cli: Cli): void {
  const exporting = withFilters(
    program
      .command("export")
      .description(
        "Writes images into an OCI layout, a folder or a .tar; what is there is not written again.",
      ),
  )
    .argument("<place>", "a folder, or a file that ends in .tar")
    .option("--plain", "one repository: plain tags, as other tools expect them")
    .action(
      action(cli, (call, place: string, options: FilterOptions & { plain?: boolean }) =>
        exportTo(call, place, options),
      ),
    );
  withExample(exporting, "$ entrepot export images.tar --project library --tag '1.*'");

  const importing = withFilters(
    program
      .command("import")
      .description("Pushes the images of an OCI layout; what is there is not sent again."),
  )
    .argument("<place>", "a folder, or a .tar")
    .option("--as <repository>", "the project/repository of a layout with plain tags")
    .action(
      action(cli, (call, place: string, options: FilterOptions & { as?: string }) =>
        importFrom(call, place, options),
      ),
    );
  withExample(importing, "$ entrepot import images.tar");
}

function withFilters(command: Command): Command {
  return command
    .option("--project <name>", "only this project; may be given several times", repeated)
    .option("--repository <pattern>", "only such project/repository: * ** ?", repeated)
    .option("--tag <pattern>", "only such tags: * ?", repeated);
}

async function exportTo(
  call: Call,
  place: string,
  options: FilterOptions & { plain?: boolean },
): Promise<void> {
  const source = registryOf(call);
  try {
    const images = await tagsOf(source, await repositoriesAt(call, options), options);
    if (images.length === 0) throw nothing(options);
    const only = options.plain ? onlyRepository(images) : undefined;
    const isTar = place.endsWith(".tar");
    const { discard, ...files } = isTar ? await writeLayoutTar(place) : await unending(place);
    try {
      const target = layoutRegistry(files, { repository: only });
      const done = await transferImages(call, images, [source, target]);
      await files.close();
      show(call, done, `Exported to ${place}`);
    } catch (error) {
      await discard();
      throw error;
    }
  } finally {
    await source.close();
  }
}

/** A folder keeps what has arrived in it: there another export goes on. */
async function unending(place: string) {
  await mkdir(place, { recursive: true });
  return { ...layoutFolder(place), discard: async () => undefined };
}

async function importFrom(
  call: Call,
  place: string,
  options: FilterOptions & { as?: string },
): Promise<void> {
  const target = registryOf(call);
  let layout: LayoutRegistry | undefined;
  try {
    const isFolder = await stat(place).then(
      (found) => found.isDirectory(),
      () => place.endsWith(".tar") === false,
    );
    const files = isFolder ? layoutFolder(place) : await readLayoutTar(place);
    layout = layoutRegistry(files, { repository: options.as });
    const names = await listOf(pages((query) => layout!.repositories(query)));
    const images = await tagsOf(layout, names.filter(wanted(options)), options);
    if (images.length === 0) throw (await hint(layout, place)) ?? nothing(options);
    await makeProjects(call, images);
    const done = await transferImages(call, images, [layout, target]);
    show(call, done, `Imported ${place}`);
  } finally {
    await layout?.close();
    await target.close();
  }
}

function registryOf({ server, credential }: Call): RemoteRegistry {
  return remoteRegistry({
    url: server,
    ...(credential && { credential }),
    fetch: endpointFetch(),
    userAgent: "entrepot-cli",
    singlePost: true,
    multiTag: true,
  });
}

function wanted({ project = [], repository = [] }: FilterOptions): (name: string) => boolean {
  const matches = nameFilter(repository);
  const isIn = (name: string) =>
    project.length === 0 || project.some((one) => name.startsWith(`${one}/`));
  return (name) => isIn(name) && matches(name);
}

/** Repositories that are wanted and that our account may see. */
async function repositoriesAt({ api }: Call, options: FilterOptions): Promise<string[]> {
  const projects =
    options.project !== undefined
      ? options.project
      : (await Array.fromAsync(api.each(routes.projects.list, {}))).map(({ name }) => name);
  const found: string[] = [];
  for (const project_name of projects) {
    for await (const { name } of api.each(routes.repositories.list, { params: { project_name } })) {
      found.push(name);
    }
  }
  return found.filter(wanted(options));
}

async function tagsOf(
  registry: Registry,
  names: readonly string[],
  { tag = [] }: FilterOptions,
): Promise<ImageTag[]> {
  const matches = nameFilter(tag);
  const images: ImageTag[] = [];
  for (const repository of names) {
    const tags = await listOf(pages((query) => registry.repository(repository).tags(query)));
    images.push(...tags.filter(matches).map((one) => ({ repository, tag: one })));
  }
  return images;
}

/** Projects that are not there are made, private. Throws DENIED where that is not allowed. */
async function makeProjects(call: Call, images: readonly ImageTag[]): Promise<void> {
  const names = new Set(images.map(({ repository }) => repository.split("/", 1)[0]!));
  for (const name of names) {
    const found = await Array.fromAsync(call.api.each(routes.projects.list, { query: { name } }));
    if (found.some((project) => project.name === name)) continue;
    await call.api.projects.create({ body: { project_name: name } });
    call.terminal.note(`Created the project ${name}.`);
  }
}

function onlyRepository(images: readonly ImageTag[]): string {
  const names = new Set(images.map(({ repository }) => repository));
  const [only] = names;
  if (only !== undefined && names.size === 1) return only;
  throw new RegistryError("BAD_REQUEST", `--plain takes one repository; these are ${names.size}`);
}

function nothing({ project = [], repository = [], tag = [] }: FilterOptions): RegistryError {
  const given = [...project, ...repository, ...tag].join(" ");
  return new RegistryError("NOT_FOUND", `there are no images ${given ? `for ${given}` : "here"}`);
}

async function hint(layout: LayoutRegistry, place: string): Promise<RegistryError | null> {
  const unnamed = await layout.unnamed();
  if (unnamed === 0) return null;
  return new RegistryError(
    "BAD_REQUEST",
    `${place} holds ${unnamed} images under plain tags; say what they are with --as project/name`,
  );
}

function show(call: Call, done: Transferred, what: string): void {
  if (call.form !== "table") return call.one(done, transferredView);
  const { images, unchanged, bytes_sent, compared } = done;
  call.terminal.write(
    `${what}: ${counted(images, "image")}, ${unchanged} unchanged, ` +
      `${formatBytes(bytes_sent)} moved; compared ${compared}, all the same.\n`,
  );
}
