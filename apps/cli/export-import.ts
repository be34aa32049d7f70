import { mkdir } from "node:fs/promises";
import { routes } from "@entrepot/api/client";
import { endpointFetch, type RemoteRegistry, remoteRegistry } from "@entrepot/distribution/client";
import { layoutFolder, layoutRegistry, writeLayoutTar } from "@entrepot/layout";
import { RegistryError } from "@entrepot/oci";
import type { Call } from "./call.ts";
import { counted, formatBytes } from "./format.ts";
import {
  type FilterOptions,
  type ImportOptions,
  openImported,
  repositoriesAt,
  tagsOf,
} from "./import-source.ts";
import type { View } from "./output.ts";
import { type ImageTag, type Transferred, transferImages } from "./transfer-images.ts";

const transferredView: View<Transferred> = {
  name: ({ images }) => String(images),
  columns: () => [
    { title: "IMAGES", value: ({ images }) => String(images), align: "right" },
    { title: "UNCHANGED", value: ({ unchanged }) => String(unchanged), align: "right" },
    { title: "SENT", value: (done) => formatBytes(done.bytes_sent), align: "right" },
    { title: "COMPARED", value: ({ compared }) => String(compared), align: "right" },
  ],
};

/**
 * Writes the images that `options` name from the server into the OCI layout at `place`; with
 * `plain` under tags alone. Throws NOT_FOUND if there are none, and as `transferImages`: done
 * again, it goes on where it was, but for a .tar.
 */
export async function exportTo(
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

/**
 * Pushes the images that are at `place`, or where `options` say, to the server, into projects that
 * are made if need be. Throws NOT_FOUND if there are none, and as `transferImages`: done again, it
 * goes on where it was.
 */
export async function importFrom(
  call: Call,
  place: string | undefined,
  options: ImportOptions,
): Promise<void> {
  const target = registryOf(call);
  const source = await openImported(place, options, call.env);
  try {
    const images = await source.images(options);
    if (images.length === 0) throw (await source.hint?.()) ?? nothing(options);
    const { into } = options;
    const named = (name: string) => (into === undefined ? name : `${into}/${name}`);
    const nameless = images.find(({ repository }) => !named(repository).includes("/"));
    if (nameless) {
      const message = `${nameless.repository} is in no project; say in which with --into project`;
      throw new RegistryError("BAD_REQUEST", message);
    }
    await makeProjects(
      call,
      images.map(({ repository }) => named(repository)),
    );
    const there = { repository: (name: string) => target.repository(named(name)) };
    const done = await transferImages(call, images, [source, there]);
    show(call, done, `Imported ${place ?? options.fromRegistry}`);
  } finally {
    await source.close();
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

/** Projects that are not there are made, private. Throws DENIED where that is not allowed. */
async function makeProjects(call: Call, repositories: readonly string[]): Promise<void> {
  const names = new Set(repositories.map((repository) => repository.split("/", 1)[0]!));
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

function show(call: Call, done: Transferred, what: string): void {
  if (call.form !== "table") return call.one(done, transferredView);
  const { images, unchanged, bytes_sent, compared } = done;
  call.terminal.write(
    `${what}: ${counted(images, "image")}, ${unchanged} unchanged, ` +
      `${formatBytes(bytes_sent)} moved; compared ${compared}, all the same.\n`,
  );
}
