import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import { mediaTypes } from "@entrepot/oci";
import { pushSample, type Sample, sampleBlob, sampleManifest } from "@entrepot/registry/samples";
import { api, type ApiAnswer } from "../interop/entrepot-api.ts";
import { makeImage, makeReferrer, makeTwoPlatforms } from "../interop/images.ts";
import { waitUntil } from "../interop/wait-until.ts";

/** A server that runs, and its administrator. */
export interface Place {
  readonly url: string;
  readonly credential: { readonly username: string; readonly password: string };
}

/** What was put into a server, as far as addresses need it. */
export interface World {
  /** Parameters of pages, by their name without the `$`. */
  readonly params: Readonly<Record<string, string>>;
  /** Somebody who is a developer in one project, and nothing else. */
  readonly developer: { readonly username: string; readonly password: string };
}

/** Harms every page that shows it as anything but text. */
export const HARM = `<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>`;

const DEVELOPER = { username: "mia", password: "Docks-and-Cranes-7" };

/** An image with a config that people know: commands, environment, labels. */
function shopImage(version: string, said: string): Sample {
  const layers = ["base", "runtime", `app ${version}`].map((text) =>
    sampleBlob(text.repeat(4_000)),
  );
  const config = sampleBlob(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      created: "2026-11-02T09:30:00Z",
      author: said,
      config: {
        Env: ["PATH=/usr/local/bin:/usr/bin:/bin", `VERSION=${version}`, `SAID=${said}`],
        Entrypoint: ["/usr/local/bin/shop"],
        ExposedPorts: { "8080/tcp": {} },
        Labels: { "org.opencontainers.image.version": version, said },
      },
      history: [
        { created_by: "ADD rootfs.tar.xz / # debian trixie" },
        { created_by: "RUN apt-get install -y --no-install-recommends ca-certificates" },
        { created_by: `ENV VERSION=${version} SAID=${said}`, empty_layer: true },
        { created_by: "COPY shop /usr/local/bin/shop" },
      ],
    }),
    mediaTypes.ociConfig,
  );
  return sampleManifest(
    {
      mediaType: mediaTypes.ociManifest,
      config: config.content,
      layers: layers.map((layer) => layer.content),
      annotations: { "org.opencontainers.image.description": said },
    },
    [config, ...layers],
  );
}

/**
 * Fills `place`: projects, images, people, a policy to `second` that has run, a backup into
 * `backupFolder`, something deleted. `said` stands wherever people may write what they like.
 * Returns when all of it is there.
 */
export async function fillWorld(
  place: Place,
  second: Place,
  { backupFolder, said }: { readonly backupFolder: string; readonly said: string },
): Promise<World> {
  const fetch = endpointFetch();
  try {
    for (const name of ["shop", "base-images", "sandbox"]) {
      await api(place, "POST", "/projects", { project_name: name, metadata: { public: "false" } });
    }
    const digest = await pushImages(place, fetch, said);
    await people(place, said);
    const { policy, execution } = await replication(place, second, said);
    const recovered = await recovery(place, backupFolder, said);
    return {
      developer: DEVELOPER,
      params: {
        project: "shop",
        repository: "shop/frontend",
        digest,
        tag: "2.1.0",
        policy: String(policy),
        execution: String(execution),
        section: "general",
        ...recovered,
      },
    };
  } finally {
    await fetch.close();
  }
}

async function pushImages(
  place: Place,
  fetch: ReturnType<typeof endpointFetch>,
  said: string,
): Promise<string> {
  const registry = remoteRegistry({ url: place.url, credential: place.credential, fetch });
  const frontend = registry.repository("shop/frontend");
  const [old, newest] = [shopImage("2.0.4", said), shopImage("2.1.0", said)];
  await pushSample(frontend, old, ["2.0.4", "stable"]);
  await pushSample(frontend, newest, ["2.1.0", "latest"]);
  await pushSample(frontend, makeReferrer(newest, said), []);
  await pushSample(registry.repository("shop/backend/api"), makeTwoPlatforms(), ["1.4.0", "1.4"]);
  await pushSample(registry.repository("base-images/debian"), makeImage(), ["trixie", "13"]);
  const description = `The shop's pages. ${said}`;
  await api(place, "PUT", "/projects/shop/repositories/frontend", { description });
  const labelled = await api(place, "POST", "/labels", { name: "approved", description: said });
  const id = Number(idOf(labelled));
  const artifact = `/projects/shop/repositories/frontend/artifacts/${newest.content.digest}`;
  await api(place, "POST", `${artifact}/labels`, { id });
  await api(place, "DELETE", "/projects/shop/repositories/frontend/artifacts/stable/tags/stable");
  return newest.content.digest;
}

async function people(place: Place, said: string): Promise<void> {
  const profile = { email: "mia@example.org", realname: `Mia ${said}` };
  await api(place, "POST", "/users", { ...DEVELOPER, ...profile });
  const member = { role_id: 2, member_user: { username: DEVELOPER.username } };
  await api(place, "POST", "/projects/shop/members", member);
}

async function replication(place: Place, second: Place, said: string) {
  const credential = {
    access_key: second.credential.username,
    access_secret: second.credential.password,
  };
  const made = await api(place, "POST", "/registries", {
    name: "tokyo",
    url: second.url,
    type: "harbor",
    credential,
    description: said,
  });
  const endpoint = Number(idOf(made));
  const answer = await api(place, "POST", "/replication/policies", {
    name: "shop-to-tokyo",
    description: said,
    dest_registry: { id: endpoint },
    filters: [{ type: "name", value: "shop/**" }],
    trigger: { type: "event_based" },
    deletion: true,
  });
  const policy = Number(idOf(answer));
  const executions = `/replication/executions?policy_id=${policy}`;
  const first = async () => (await api(place, "GET", executions)).json[0];
  await waitUntil("the policy's first run", async () => (await first()).status, "Succeed");
  return { policy, execution: (await first()).id as number };
}

/** The id that an answer says where to find. */
const idOf = ({ headers }: ApiAnswer) => headers.get("location")!.split("/").at(-1)!;

async function recovery(place: Place, backupFolder: string, said: string) {
  const vault = { name: "vault", address: `file:${backupFolder}`, description: said };
  const target = idOf(await api(place, "POST", "/backups", vault));
  const runs = `/backups/${target}/executions`;
  await api(place, "POST", `/backups/${target}/run`, {});
  await waitUntil(
    "a backup",
    async () => (await api(place, "GET", runs)).json[0].status,
    "Success",
  );
  const drill = idOf(await api(place, "POST", `/backups/${target}/drills`, {}));
  const check = idOf(await api(place, "POST", "/system/check", {}));
  const report = `/system/check/${check}`;
  await waitUntil("a check", async () => (await api(place, "GET", report)).json.status, "Success");
  const plan = idOf(await api(place, "POST", "/system/repair", { check_id: Number(check) }));
  const manual = { schedule: { type: "Manual" }, parameters: { dry_run: true } };
  const run = idOf(await api(place, "POST", "/system/gc/schedule", manual));
  return { target, drill, check, plan, run };
}
