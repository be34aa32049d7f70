import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { compiled } from "./entrepot-process.ts";
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

/** What a guide is run with, besides its own words. */
export interface GuideOptions {
  /** What stands for its words: folders, addresses. The longest are replaced first. */
  readonly words?: Readonly<Record<string, string>>;
  /** What befalls the registry before the first command under a heading: shell, run as it is. */
  readonly befalls?: Readonly<Record<string, string>>;
  /** A folder with further programs. */
  readonly programs?: string;
}

/**
 * The commands of the guide `file`, the blocks marked `sh`, in their order; under the headings of
 * `befalls` that comes first. Throws if there is no such heading with commands.
 */
export async function commandsOf(
  file: string,
  befalls: GuideOptions["befalls"] = {},
): Promise<string[]> {
  const guide = await readFile(join(ROOT, "docs/guides", file), "utf8");
  const due = new Map(Object.entries(befalls));
  let heading = "";
  const commands: string[] = [];
  for (const [, title, block] of guide.matchAll(/^#+ ([^\n]+)$|^```sh\n(.*?)^```$/gms)) {
    if (block === undefined) {
      heading = title!;
      continue;
    }
    const before = due.get(heading);
    due.delete(heading);
    commands.push(...(before === undefined ? [] : [before]), block);
  }
  if (due.size > 0) throw new Error(`${file} has no commands under ${[...due.keys()].join()}`);
  return commands;
}

/**
 * Runs the commands of the guide `file` in one shell, word for word but for the addresses of
 * `places` and the words of `options`, in a folder with the image layout `app` and the files of
 * passwords. Returns what they said. Throws with that and the command that failed.
 */
export async function runGuide(
  file: string,
  places: readonly GuidePlace[],
  { words = {}, befalls, programs }: GuideOptions = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-guide-"));
  try {
    await writeLayout(join(folder, "app"), { "1.0": makeImage() });
    for (const { name, password } of places) {
      if (password === undefined) continue;
      const secret = join(folder, `${name.split(".", 1)[0]}.password`);
      await writeFile(secret, password);
      await chmod(secret, 0o600);
    }
    await trustAll(folder, places);
    let script = (await commandsOf(file, befalls)).join("\n");
    for (const { name, url } of places) {
      script = script.replaceAll(`https://${name}`, url).replaceAll(name, new URL(url).host);
    }
    for (const word of Object.keys(words).toSorted((a, b) => b.length - a.length)) {
      script = script.replaceAll(word, words[word]!);
    }
    return await shell(folder, script, programs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Settings for skopeo, by which it speaks HTTP to `places`. */
async function trustAll(folder: string, places: readonly GuidePlace[]): Promise<void> {
  const hosts = places.map(({ url }) => new URL(url).host);
  const registries = hosts.map((host) => `[[registry]]\nlocation="${host}"\ninsecure=true\n`);
  const containers = join(folder, ".config/containers");
  await mkdir(containers, { recursive: true });
  await writeFile(join(containers, "registries.conf"), registries.join(""));
  const policy = JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] });
  await writeFile(join(containers, "policy.json"), policy);
}

async function shell(folder: string, script: string, programs?: string): Promise<string> {
  const path = [programs, join(ROOT, "bin"), process.env["PATH"]].filter(Boolean);
  const child = spawn("bash", ["-euo", "pipefail", "-x", "-c", `exec 2>&1\n${script}`], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...compiled,
      PATH: path.join(delimiter),
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
