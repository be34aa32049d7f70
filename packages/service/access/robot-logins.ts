import { timingSafeEqual } from "node:crypto";
import { anyOf, batched, type Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { askable } from "./account-rules.ts";
import type { Logins } from "./logins.ts";
import { hashOfSecret } from "./secrets.ts";

/** In every robot's login name, and in no account's. */
const ROBOT_MARK = "$";

const MOST_NAMES = 200;
const LONGEST = 1_024;

/**
 * `logins` for people, and for robots, whose names have a `$`. A robot's secret has 256 random
 * bits: guessing is hopeless, so nobody is slowed down, and a hash of it is looked at each time, so
 * that a robot that was disabled, has expired or has a new secret is out at once.
 */
export function withRobots(logins: Logins, catalog: Catalog, clock: () => number): Logins {
  const find = batched((names: string[]) => findRobots(catalog, names), { max: MOST_NAMES });

  return {
    async login(username, password, clientAddress) {
      if (!username.includes(ROBOT_MARK)) return logins.login(username, password, clientAddress);
      if (username.length > LONGEST || password.length > LONGEST) throw wrong();
      const robot = await find(askable(username));
      const hash = hashOfSecret(password);
      const old = (robot?.old_secret_until?.getTime() ?? 0) > clock();
      const right =
        isSame(hash, robot?.secret_hash) || (old && isSame(hash, robot?.old_secret_hash));
      if (!robot || !right) throw wrong();
      if (robot.disabled) throw out(`robot '${username}' is disabled; have it enabled`);
      if (robot.expires_at && robot.expires_at.getTime() <= clock()) {
        throw out(`robot '${username}' has expired; have it live longer, or make another`);
      }
      return {
        kind: "robot",
        name: username,
        accountId: null,
        robotId: robot.id,
        sysadmin: false,
        grants: null,
      };
    },
  };
}

function isSame(hash: Buffer, stored: Buffer | null | undefined): boolean {
  return stored != null && stored.length === hash.length && timingSafeEqual(hash, stored);
}

async function findRobots(catalog: Catalog, names: string[]) {
  const rows = await catalog.db
    .selectFrom("robot")
    .select(["id", "login_name", "disabled", "expires_at"])
    .select(["secret_hash", "old_secret_hash", "old_secret_until"])
    .where("login_name", "=", anyOf(names))
    .execute();
  const byName = new Map(rows.map((row) => [row.login_name, row]));
  return names.map((name) => byName.get(name));
}

const wrong = () => out("username or password is wrong");

function out(message: string): RegistryError {
  return new RegistryError("UNAUTHORIZED", message);
}
