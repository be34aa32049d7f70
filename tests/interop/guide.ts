import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { makeImage, writeLayout } from "./images.ts";

/** A server that a guide speaks of by a name of its own. */
export interface GuidePlace {
  /** As the guide writes it: `berlin.example`. */
  readonly name: string;
  readonly url: string;
  /** The admin's password; it lies in `berlin.password`. */
  readonly password?: string;
}

const ROOT = join(import.meta.dirname, "../..");

/** The commands of the guide `file`, the blocks marked `sh`, in their order. */
export async function commandsOf(file: string): Promise<string[]> {
  const guide = await readFile(join(ROOT, "docs/guides", file), "utf8");
  return [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
}

/**
 * Runs the commands of the guide `file` in one shell, word for word but for the addresses of
 * `places`, in a folder with the image layout `app` and the files of passwords. Returns what they
 * said. Throws with that and the command that failed.
 */
export async function runGuide(file: string, places: readonly GuidePlace[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-guide-"));
  try {
    await writeLayout(join(folder, "app"), { "1.0": makeImage() });
    for (const { name, password } of places) {
      if (password === undefined) continue;
      const secret = join(folder, `${name.split(".", 1)[0]}.password`);
      await writeFile(secret, password);
      await chmod(secret, 0o600);
    }
    const hosts = places.map(({ url }) => new URL(url).host);
    const registries = hosts.map((host) => `[[registry]]\nlocation="${host}"\ninsecure=true\n`);
    const containers = join(folder, ".config/containers");
    await mkdir(containers, { recursive: true });
    await writeFile(join(containers, "registries.conf"), registries.join(""));
    await writeFile(
      join(containers, "policy.json"),
      JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }),
    );
    let script = (await commandsOf(file)).join("\n");
    for (const [n, { name, url }] of places.entries()) {
      script = script.replaceAll(`https://${name}`, url).replaceAll(name, hosts[n]!);
    }
    return await shell(folder, script);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function shell(folder: string, script: string): Promise<string> {
  const child = spawn("bash", ["-euo", "pipefail", "-x", "-c", `exec 2>&1\n${script}`], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: [join(ROOT, "bin"), process.env["PATH"]].join(delimiter),
      HOME: folder,
      XDG_RUNTIME_DIR: folder,
      TZ: "UTC",
      REGISTRY_AUTH_FILE: join(folder, "auth.json"),
    },
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve(code ?? -1));
  });
  const [said, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code === 0) return said;
  throw new Error(`the guide's commands ended with ${code}:\n${said}${errors}`);
}
