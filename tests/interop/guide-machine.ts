import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cleanUpAfterUs, stopPostgres } from "./entrepot-process.ts";
import { freePort } from "./free-port.ts";
import { type GuideOptions, type GuidePlace, runGuide } from "./guide.ts";

/**
 * A machine as the runbooks have it: folders of its own for `/var/lib/entrepot`, `/etc/entrepot`,
 * `/backup` and `/media/safe`, and a `systemctl` that starts and stops the unit `entrepot`, a real
 * server in a process of its own.
 */
export interface GuideMachine {
  readonly place: GuidePlace & { readonly password: string };
  /** Runs the guide `file` there, with the server started. Returns what its commands said. */
  run(file: string, options?: Pick<GuideOptions, "words" | "befalls">): Promise<string>;
  /** What the server has said. */
  log(): Promise<string>;
  /** Stops everything and removes the folders. */
  close(): Promise<void>;
}

const MAIN = join(import.meta.dirname, "../../apps/server/main.ts");
const FOLDERS = ["/var/lib/entrepot", "/etc/entrepot", "/backup", "/media/safe"];

/** The unit `entrepot` alone: its settings are those of its file; started once it is ready. */
const systemctl = (folder: string) => `#!/bin/bash
set -eu
cd ${folder}
stop() {
  [ -f server.pid ] || return 0
  kill -TERM "$(cat server.pid)" 2>/dev/null || true
  while kill -0 "$(cat server.pid)" 2>/dev/null; do sleep 0.1; done
  rm server.pid
}
start() {
  set -a; . etc/entrepot/env; set +a
  touch server.log; from=$(( $(wc -l < server.log) + 1 ))
  setsid "${process.execPath}" "${MAIN}" serve >> server.log 2>&1 < /dev/null &
  echo $! > server.pid
  until tail -n +$from server.log | grep -q "Entrepot is ready at"; do
    kill -0 "$(cat server.pid)" || { tail -n +$from server.log >&2; exit 1; }
    sleep 0.1
  done
}
case $1 in
  start) start ;;
  stop) stop ;;
  restart) stop; start ;;
  kill) kill -KILL "$(cat server.pid)" ;;
esac
`;

/** Makes one. `settings` are further lines of `/etc/entrepot/env`. */
export async function guideMachine(settings: readonly string[] = []): Promise<GuideMachine> {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-machine-"));
  // Under root the database is another user, who must be able to pass.
  await chmod(folder, 0o711);
  for (const name of FOLDERS) await mkdir(join(folder, name), { recursive: true });
  const letGo = cleanUpAfterUs(folder, join(folder, "var/lib/entrepot"));
  const address = `127.0.0.1:${await freePort()}`;
  const password = "Only4ThisTest";
  const dataDir = join(folder, "var/lib/entrepot");
  const env = [
    `ENTREPOT_LISTEN=${address}`,
    `ENTREPOT_DATA=${dataDir}`,
    `ENTREPOT_BACKUP_FOLDERS=${join(folder, "backup")}`,
    `ENTREPOT_ADMIN_PASSWORD=${password}`,
    ...settings,
  ];
  await writeFile(join(folder, "etc/entrepot/env"), `${env.join("\n")}\n`);
  const programs = join(folder, "programs");
  await mkdir(programs);
  const program = join(programs, "systemctl");
  await writeFile(program, systemctl(folder));
  await chmod(program, 0o755);
  const unit = (act: string) => promisify(execFile)(program, [act]);
  const log = () => readFile(join(folder, "server.log"), "utf8").catch(() => "");
  const place = { name: "registry.example", url: `http://${address}`, password };

  return {
    place,
    async run(file, { words = {}, ...options } = {}) {
      await unit("start");
      const folders = Object.fromEntries(FOLDERS.map((name) => [name, join(folder, name)]));
      try {
        return await runGuide(file, [place], {
          ...options,
          programs,
          words: { ...folders, ...words },
        });
      } catch (error) {
        const message = `${(error as Error).message}\nthe server said:\n${await log()}`;
        throw new Error(message, { cause: error });
      }
    },
    log,
    async close() {
      await unit("stop");
      await stopPostgres(dataDir);
      letGo();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
