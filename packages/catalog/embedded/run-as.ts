import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { RegistryError } from "@entrepot/oci";

/** As whom PostgreSQL's programs are started; null: as ourselves. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/**
 * PostgreSQL refuses to run as root. For a root process: the owner of `cluster` if it exists and is
 * not root, else the user `postgres`, else `nobody`, else the first other one. Anybody else: null.
 * Throws PRECONDITION if the machine has no other user, UNAVAILABLE if `cluster` is another user's.
 */
export function chooseUser(cluster: string, passwd = "/etc/passwd"): RunAs | null {
  const own = process.getuid?.();
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (own !== 0) {
    if (!owner || owner.uid === own) return null;
    throw new RegistryError(
      "UNAVAILABLE",
      `${cluster} belongs to another user (uid ${owner.uid}): run Entrepot as that user or as root`,
    );
  }
  const users = readUsers(passwd);
  if (owner && owner.uid !== 0) {
    const name = users.find(({ uid }) => uid === owner.uid)?.name ?? `uid ${owner.uid}`;
    return { uid: owner.uid, gid: owner.gid, name };
  }
  const byName = (wanted: string) => users.find(({ name }) => name === wanted);
  const user = byName("postgres") ?? byName("nobody") ?? users[0];
  if (user) return user;
  throw new RegistryError(
    "PRECONDITION",
    "PostgreSQL refuses to run as root, and this machine has no other user: add one, " +
      "run Entrepot as an ordinary user, or set DATABASE_URL",
  );
}

/**
 * The command that runs `program` as `user`, for `spawn`. A user who may not pass through a folder
 * above `folder` (`/root` is the usual one) is given that single right by `setpriv`. Throws
 * PRECONDITION if that is needed and `setpriv` is not there.
 */
export function commandAs(
  user: RunAs | null,
  folder: string,
  program: string,
  args: readonly string[],
): { file: string; args: string[]; ids: { uid?: number; gid?: number } } {
  if (!user) return { file: program, args: [...args], ids: {} };
  const { uid, gid } = user;
  const closed = closedFolderAbove(folder, user);
  if (!closed) return { file: program, args: [...args], ids: { uid, gid } };
  const setpriv = findProgram("setpriv");
  if (!setpriv) {
    throw new RegistryError(
      "PRECONDITION",
      `PostgreSQL runs as user ${user.name}, who may not enter ${closed}: ` +
        "put the data somewhere else (ENTREPOT_DATA), or install setpriv (util-linux)",
    );
  }
  const right = "+dac_override";
  const become = ["--reuid", `${uid}`, "--regid", `${gid}`, "--clear-groups"];
  // Without the last one, access(2) would go by the user alone.
  const keep = ["--inh-caps", right, "--ambient-caps", right, "--securebits", "+no_setuid_fixup"];
  return { file: setpriv, args: [...become, ...keep, program, ...args], ids: {} };
}

/** The outermost folder on the way to `folder` that `user` may not pass through; null if none. */
export function closedFolderAbove(folder: string, user: RunAs): string | null {
  const above: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    above.unshift(at);
    if (at === dirname(at)) break;
  }
  const closed = above.find((path) => {
    const { mode, uid, gid } = statSync(path);
    if (uid === user.uid) return (mode & constants.S_IXUSR) === 0;
    if (gid === user.gid) return (mode & constants.S_IXGRP) === 0;
    return (mode & constants.S_IXOTH) === 0;
  });
  return closed ?? null;
}

function readUsers(passwd: string): RunAs[] {
  return readFileSync(passwd, "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid, gid }) => name && uid > 0 && Number.isInteger(uid) && gid >= 0);
}

function findProgram(name: string): string | null {
  const folders = ["/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin"];
  const paths = folders.map((folder) => join(folder, name));
  return paths.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
