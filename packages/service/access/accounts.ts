import { randomBytes } from "node:crypto";
import type { Actor, Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Page, PageQuery } from "@entrepot/registry";
import {
  deleteAccount,
  findAccount,
  hasSysadmin,
  insertAccount,
  listAccounts,
  updatePassword,
  updateProfile,
  updateSysadmin,
} from "./account-rows.ts";
import { checkPassword, checkUsername } from "./account-rules.ts";
import { hashPassword } from "./passwords.ts";

/** A local account. Its password is never told. */
export interface Account {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly realname: string;
  readonly comment: string;
  readonly sysadmin: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What an account is made of. */
export interface NewAccount {
  readonly username: string;
  readonly password: string;
  readonly email?: string;
  readonly realname?: string;
  readonly comment?: string | undefined;
  readonly sysadmin?: boolean;
}

/** What an account says of its person. What is absent stays. */
export interface Profile {
  readonly email?: string | undefined;
  readonly realname?: string | undefined;
  readonly comment?: string | undefined;
}

/** Local accounts. Every change is journalled on behalf of an actor. */
export interface Accounts {
  /**
   * Sees to it that there is a system administrator: if none, makes `admin` with `password`, or
   * with one generated now, which is returned this once; else null, and all stays as it is.
   * Repeating is safe. Throws BAD_REQUEST for a password that does not do.
   */
  ensureAdmin(password?: string): Promise<string | null>;

  /** Throws BAD_REQUEST for a name or password that does not do, CONFLICT if the name is taken. */
  createAccount(actor: Actor, account: NewAccount): Promise<Account>;

  /** The account `username`, or null. */
  findAccount(username: string): Promise<Account | null>;

  /** Accounts by username. */
  listAccounts(query?: PageQuery): Promise<Page<Account>>;

  /**
   * Deletes the account and its memberships. False if there is none. Throws CONFLICT for the last
   * system administrator.
   */
  deleteAccount(actor: Actor, username: string): Promise<boolean>;

  /** Throws BAD_REQUEST for a password that does not do, NOT_FOUND if there is no such account. */
  changePassword(actor: Actor, username: string, password: string): Promise<void>;

  /** Stores what of `profile` is given. Throws NOT_FOUND. */
  changeProfile(actor: Actor, username: string, profile: Profile): Promise<void>;

  /**
   * Makes the account a system administrator, or ends that. Repeating changes nothing. Throws
   * NOT_FOUND, and CONFLICT for the last system administrator.
   */
  setSysadmin(actor: Actor, username: string, sysadmin: boolean): Promise<void>;
}

const ADMIN = "admin";
const SETUP: Actor = { name: "system:setup", cause: "setup" };

/** The accounts in `catalog`. */
export function openAccounts(catalog: Catalog): Accounts {
  async function create(actor: Actor, account: NewAccount): Promise<Account | null> {
    checkUsername(account.username);
    checkPassword(account.username, account.password);
    const hash = await hashPassword(account.password);
    return catalog.commit(actor, (commit) => insertAccount(commit, account, hash));
  }

  return {
    async ensureAdmin(password) {
      if (await hasSysadmin(catalog)) return null;
      const given = password ?? randomBytes(15).toString("base64url");
      const made = await create(SETUP, { username: ADMIN, password: given, sysadmin: true });
      return made && password === undefined ? given : null;
    },

    async createAccount(actor, account) {
      const made = await create(actor, account);
      if (made) return made;
      const message = `account '${account.username}' exists already; choose another username`;
      throw new RegistryError("CONFLICT", message);
    },

    findAccount: (username) => findAccount(catalog, username),
    listAccounts: (query) => listAccounts(catalog, query),
    deleteAccount: (actor, username) =>
      catalog.commit(actor, (commit) => deleteAccount(commit, username)),

    async changePassword(actor, username, password) {
      checkPassword(username, password);
      const hash = await hashPassword(password);
      await catalog.commit(actor, (commit) => updatePassword(commit, username, hash));
    },

    changeProfile: (actor, username, profile) =>
      catalog.commit(actor, (commit) => updateProfile(commit, username, profile)),

    setSysadmin: (actor, username, sysadmin) =>
      catalog.commit(actor, (commit) => updateSysadmin(commit, username, sysadmin)),
  };
}
