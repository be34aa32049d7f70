import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Attribute, Change, Client } from "ldapts";
import { freePort } from "./free-port.ts";

const PROGRAM = "/usr/sbin/slapd";
const MODULES = "/usr/lib/ldap";

/** Whether Debian's slapd is on this machine. Without it, its tests say so and skip. */
export const hasSlapd = existsSync(PROGRAM) && existsSync(join(MODULES, "memberof.so"));

/** Where everything lies in it. */
export const BASE_DN = "dc=example,dc=org";
/** Who may search, and its password. */
export const SEARCHER = { dn: `cn=searcher,${BASE_DN}`, password: "looks around" };
/** Everybody's password in the directory. */
export const LDAP_PASSWORD = "staple battery";

const ROOT = { dn: `cn=root,${BASE_DN}`, password: "only for this test" };

/** A directory that can be changed, stopped and started again, on the same ports. */
export interface Slapd {
  /** Plain, or for StartTLS. */
  readonly url: string;
  readonly tlsUrl: string;
  /** The authority of its certificate, PEM. */
  readonly ca: string;
  /** The settings with which it is used, by Harbor's names. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  add(dn: string, attributes: Record<string, string | string[]>): Promise<void>;
  replace(dn: string, attribute: string, values: readonly string[]): Promise<void>;
  remove(dn: string): Promise<void>;
  /** A person below ou=people, with everybody's password. */
  addPerson(uid: string, more?: Record<string, string | string[]>): Promise<string>;
  /** A group below ou=groups. */
  addGroup(name: string, members: readonly string[]): Promise<string>;
  /** Ends it; connections that are open break. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops and starts to answer anything, connections included. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/** Runs slapd with people, groups and `memberOf` on free ports of this machine. */
export async function runSlapd(): Promise<Slapd> {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-slapd-"));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const [url, tlsUrl] = [`ldap://127.0.0.1:${port}`, `ldaps://127.0.0.1:${tlsPort}`];
  await mkdir(join(folder, "db"));
  const ca = certify(folder);
  await writeFile(join(folder, "slapd.conf"), configuration(folder));

  let server: ChildProcess;
  let exited: Promise<unknown>;
  const start = async () => {
    const flags = ["-f", join(folder, "slapd.conf"), "-h", `${url} ${tlsUrl}`, "-d", "0"];
    server = spawn(PROGRAM, flags, { stdio: "ignore" });
    exited = once(server, "exit");
    await answering(url);
  };
  const stop = async () => {
    server.kill("SIGTERM");
    await exited;
  };
  await start();

  const directory = changing(url);
  await populate(directory);

  return {
    url,
    tlsUrl,
    ca,
    settings: settingsOf(url),
    ...directory,
    start,
    stop,
    freeze: () => void server.kill("SIGSTOP"),
    thaw: () => void server.kill("SIGCONT"),
    async close() {
      server.kill("SIGKILL");
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

/** Changes entries as whoever may do anything. */
function changing(
  url: string,
): Pick<Slapd, "add" | "addPerson" | "addGroup" | "replace" | "remove"> {
  const change = (use: (client: Client) => Promise<unknown>) => asRoot(url, use);
  const directory = {
    add: (dn: string, attributes: Record<string, string | string[]>) =>
      change((client) => client.add(dn, attributes)),
    addPerson: async (uid: string, more: Record<string, string | string[]> = {}) => {
      const dn = `uid=${escaped(uid)},ou=people,${BASE_DN}`;
      await directory.add(dn, {
        objectClass: ["inetOrgPerson"],
        uid,
        cn: uid,
        sn: uid,
        mail: "somebody@example.org",
        userPassword: LDAP_PASSWORD,
        ...more,
      });
      return dn;
    },
    addGroup: async (name: string, members: readonly string[]) => {
      const dn = `cn=${escaped(name)},ou=groups,${BASE_DN}`;
      const objectClass = ["groupOfNames"];
      await directory.add(dn, { objectClass, cn: name, member: [...members] });
      return dn;
    },
    replace: (dn: string, type: string, values: readonly string[]) =>
      change((client) =>
        client.modify(
          dn,
          new Change({
            operation: "replace",
            modification: new Attribute({ type, values: [...values] }),
          }),
        ),
      ),
    remove: (dn: string) => change((client) => client.del(dn)),
  };
  return directory;
}

function settingsOf(url: string) {
  return {
    ldap_url: url,
    ldap_search_dn: SEARCHER.dn,
    ldap_search_password: SEARCHER.password,
    ldap_base_dn: `ou=people,${BASE_DN}`,
    ldap_filter: "(objectClass=inetOrgPerson)",
    ldap_uid: "uid",
    ldap_scope: 2,
    ldap_timeout: 2,
    ldap_group_base_dn: `ou=groups,${BASE_DN}`,
    ldap_group_search_filter: "(objectClass=groupOfNames)",
    ldap_group_attribute_name: "cn",
  };
}

async function populate(directory: Pick<Slapd, "add">): Promise<void> {
  const organization = ["dcObject", "organization"];
  await directory.add(BASE_DN, { objectClass: organization, dc: "example", o: "Example" });
  for (const ou of ["people", "groups"]) {
    await directory.add(`ou=${ou},${BASE_DN}`, { objectClass: ["organizationalUnit"], ou });
  }
  await directory.add(SEARCHER.dn, {
    objectClass: ["simpleSecurityObject", "organizationalRole"],
    cn: "searcher",
    userPassword: SEARCHER.password,
  });
}

/** Nobody but the searcher and people themselves may read; binding as nobody succeeds. */
function configuration(folder: string): string {
  const at = (name: string) => join(folder, name);
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath ${MODULES}
moduleload back_mdb
moduleload memberof
pidfile ${at("slapd.pid")}
argsfile ${at("slapd.args")}
TLSCertificateFile ${at("cert.pem")}
TLSCertificateKeyFile ${at("key.pem")}
allow bind_anon_dn
database mdb
maxsize 33554432
suffix "${BASE_DN}"
rootdn "${ROOT.dn}"
rootpw "${ROOT.password}"
directory ${at("db")}
dbnosync
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${SEARCHER.dn}" read by self read by * none
`;
}

/** A certificate of its own authority for 127.0.0.1. */
function certify(folder: string): string {
  const asks = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  spawnSync("openssl", [...asks.split(" "), ...names, ...files], { stdio: "ignore" });
  return readFileSync(join(folder, "cert.pem"), "utf8");
}

function escaped(value: string): string {
  return value.replaceAll(/[",#+;<=>\\]/g, String.raw`\$&`);
}

async function asRoot(url: string, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ url, timeout: 10_000 });
  try {
    await client.bind(ROOT.dn, ROOT.password);
    await use(client);
  } finally {
    await client.unbind();
  }
}

async function answering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const client = new Client({ url, connectTimeout: 1_000 });
    const up = await client.bind("", "").then(
      () => true,
      () => false,
    );
    await client.unbind().catch(() => undefined);
    if (up) return;
    await pause(50);
  }
  throw new Error(`slapd does not answer at ${url} after 10 s`);
}
