import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { access, mkdir, open, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const PROGRAMS = ["monmaptool", "ceph-mon", "ceph-osd", "ceph", "radosgw", "radosgw-admin"];
const START_MS = 120_000;
const run = promisify(execFile);

/** Ceph's S3 gateway over one monitor and one disk, for tests. */
export interface Ceph {
  readonly endpoint: string;
  readonly keys: { readonly accessKey: string; readonly secretKey: string };
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** The programs that are missing here; Debian has them as radosgw, ceph-mon and ceph-osd. */
export async function missingCeph(): Promise<string[]> {
  const found = await Promise.all(
    PROGRAMS.map((name) =>
      access(`/usr/bin/${name}`).then(
        () => true,
        () => false,
      ),
    ),
  );
  return PROGRAMS.filter((_, n) => !found[n]);
}

/** Starts one with all its data in the empty folder `root`, on loopback. */
export async function startCeph(root: string): Promise<Ceph> {
  const [http, mon, osd] = [await freePort(), await freePort(), await freePort()];
  const fsid = randomUUID();
  const conf = join(root, "ceph.conf");
  await writeFile(conf, configuration(root, { fsid, http, mon, osd }));
  await writeFile(join(root, "keyring"), "");
  const children: ChildProcess[] = [];
  const call = (program: string, ...args: string[]) => run(program, ["-c", conf, ...args]);
  const start = async (program: string, ...args: string[]) => {
    const out = await open(join(root, `${program}.out`), "a");
    children.push(
      spawn(program, ["-c", conf, "-f", ...args], { stdio: ["ignore", out.fd, out.fd] }),
    );
    await out.close();
  };
  const stop = async () => {
    for (const child of children.toReversed()) {
      const ended = child.exitCode === null && child.signalCode === null && once(child, "exit");
      child.kill("SIGKILL"); // nothing of it is kept
      await ended;
    }
  };

  try {
    const map = join(root, "monmap");
    await run("monmaptool", [
      "--create",
      "--fsid",
      fsid,
      "--addv",
      "a",
      `[v2:127.0.0.1:${mon}]`,
      map,
    ]);
    await call("ceph-mon", "--mkfs", "-i", "a", "--monmap", map);
    await start("ceph-mon", "-i", "a");
    await until("the monitor", () => call("ceph", "--connect-timeout", "3", "mon", "stat"));
    const disk = randomUUID();
    await mkdir(join(root, "osd"));
    await call("ceph", "osd", "new", disk);
    await call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk);
    await start("ceph-osd", "-i", "0");
    await until("the disk", async () => {
      const { stdout } = await call("ceph", "osd", "stat");
      if (!stdout.includes("1 up")) throw new Error(stdout);
    });
    const keys = { accessKey: "entrepot-test", secretKey: randomUUID() };
    const user = ["--uid=test", "--display-name=test"];
    const given = [`--access-key=${keys.accessKey}`, `--secret-key=${keys.secretKey}`];
    await call("radosgw-admin", "-n", "client.admin", "user", "create", ...user, ...given);
    await start("radosgw", "-n", "client.admin");
    const endpoint = `http://127.0.0.1:${http}`;
    await until("the gateway", () => fetch(endpoint));
    return { endpoint, keys, pids: children.map(({ pid }) => pid!), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Asks again until it is answered. */
async function until(what: string, ask: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`${what} of Ceph did not start`, { cause: error });
      await pause(200);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return (address as { port: number }).port;
}

interface Ports {
  readonly fsid: string;
  readonly http: number;
  readonly mon: number;
  readonly osd: number;
}

/** One copy of everything, no authentication between the parts, no logs. */
function configuration(root: string, { fsid, http, mon, osd }: Ports): string {
  return `[global]
fsid = ${fsid}
mon host = v2:127.0.0.1:${mon}/0
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
keyring = ${root}/keyring
run dir = ${root}
admin socket = ${root}/$name.asok
log file = ${root}/$name.log
log to stderr = false
pid file =
ms bind msgr1 = false
ms bind port min = ${osd}
ms bind port max = ${osd + 40}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 2000
mon data avail warn = 1
mon data avail crit = 1
debug ms = 0
[mon]
mon data = ${root}/mon
public addr = v2:127.0.0.1:${mon}
debug mon = 0
debug paxos = 0
debug rocksdb = 0
[osd]
osd data = ${root}/osd
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd objectstore = bluestore
bluestore block size = 21474836480
osd memory target = 939524096
osd class dir = /usr/lib/${machine()}/rados-classes
osd class load list = *
osd class default list = *
debug osd = 0
debug bluestore = 0
debug rocksdb = 0
debug bluefs = 0
[client]
rgw frontends = beast endpoint=127.0.0.1:${http} tcp_nodelay=1
ms mon client mode = crc
rgw enable usage log = false
debug rgw = 0
`;
}

function machine(): string {
  return process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
}
