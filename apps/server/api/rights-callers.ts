import { PROJECT_RIGHTS, type Role, ROLES } from "@entrepot/access";
import type { TestServer } from "../testing.ts";
import { ACTOR, PASSWORD } from "./rights-preparations.ts";

/** A name and what proves it; null: nobody. */
export type Credential = readonly [name: string, secret: string] | null;

/** The projects that all is tried in; the second is public. */
export const PROJECTS = ["closed", "open"] as const;

/** Who has an account, in the table's order; null: without. */
const ACCOUNTS: Readonly<Record<string, string | null>> = {
  anonymous: null,
  "other account": "stranger",
  "other project's admin": "neighbour",
  "limited guest": "limited",
  guest: "guest",
  developer: "developer",
  maintainer: "maintainer",
  "project admin": "padmin",
  "system admin": "root",
  "developer who may delete": "deleter",
  "maintainer who may not": "keeper",
  "who has backups": "backups",
};

/** Who has none, after them. */
const OTHERS = [
  "admin's read-only token",
  "robot that pulls",
  "robot that may all",
  "other project's robot",
];

/** Everybody, in the table's order. */
export const CALLERS: readonly string[] = [...Object.keys(ACCOUNTS), ...OTHERS];

interface OwnRights {
  readonly grants?: readonly string[];
  readonly denies?: readonly string[];
}

const DELETING = ["artifact:delete", "tag:delete", "repository:delete", "recovery:restore"];

const MEMBERS: Readonly<Record<string, readonly [Role, OwnRights?]>> = {
  limited: [ROLES.limitedGuest],
  guest: [ROLES.guest],
  developer: [ROLES.developer],
  maintainer: [ROLES.maintainer],
  padmin: [ROLES.projectAdmin],
  deleter: [ROLES.developer, { grants: [...DELETING, "replication-policy:*", "replication:*"] }],
  keeper: [ROLES.maintainer, { denies: DELETING }],
};

/** How a caller signs in where `project` is tried. */
export type Callers = (caller: string, project: string) => Credential;

/** Makes accounts of every role in `PROJECTS`, which exist, a token and robots. */
export async function makeCallers(server: TestServer): Promise<Callers> {
  const { access, content } = server;
  const accounts = Object.values(ACCOUNTS).filter((name) => name !== null);
  for (const username of [...accounts, "extra"]) {
    const account = { username, password: PASSWORD, sysadmin: username === "root" };
    await access.createAccount(ACTOR, account);
  }
  await access.setSystemRights(ACTOR, "backups", ["backup:*"]);
  await content.projects.create(ACTOR, { name: "next-door", public: false });
  await access.setMember(ACTOR, "next-door", "neighbour", ROLES.projectAdmin);
  const robots = new Map<string, Credential>();
  for (const name of PROJECTS) {
    for (const [username, [role, own]] of Object.entries(MEMBERS)) {
      await access.setMember(ACTOR, name, username, role, own);
    }
    robots.set(`robot that pulls ${name}`, await robot(server, name, ["repository:pull"]));
    robots.set(`robot that may all ${name}`, await robot(server, name, PROJECT_RIGHTS));
  }
  const elsewhere = await robot(server, "next-door", PROJECT_RIGHTS);
  const padmin = await access.findAccount("padmin");
  const asked = { name: "test", readOnly: true, days: null };
  const token = await access.createAccessToken(ACTOR, padmin!.id, asked);
  return (caller, project) => {
    if (caller === "other project's robot") return elsewhere;
    if (caller === "admin's read-only token") return ["padmin", token.secret];
    const username = ACCOUNTS[caller];
    if (username === undefined) return robots.get(`${caller} ${project}`)!;
    return username === null ? null : [username, PASSWORD];
  };
}

async function robot(
  { access }: TestServer,
  project: string,
  rights: readonly string[],
): Promise<Credential> {
  const { loginName, secret } = await access.robots.create(ACTOR, {
    name: `may-${rights.length}`,
    project,
    prefix: "robot$",
    description: "",
    disabled: false,
    days: null,
    permissions: [
      {
        kind: "project",
        namespace: project,
        access: rights.map((right) => {
          const [resource = "", action = ""] = right.split(":");
          return { resource, action };
        }),
      },
    ],
  });
  return [loginName, secret];
}
