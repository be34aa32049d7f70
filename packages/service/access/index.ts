export {
  ACCESS_SETTINGS,
  ROBOT_DAYS,
  ROBOT_PREFIX,
  SESSION_MINUTES,
  TOKEN_MINUTES,
} from "./access-settings.ts";
export { openAccess, type Access, type AccessOptions } from "./access.ts";
export type { Account, Accounts, NewAccount } from "./accounts.ts";
export { TOKEN_PATH } from "./challenge.ts";
export { ANONYMOUS, type Grant, type Identity } from "./identity.ts";
export { loadMasterKey } from "./master-key.ts";
export { type Member, type Members, putMember } from "./members.ts";
export { restoreMembers } from "./restore-members.ts";
export { scopesOf } from "./refusal.ts";
export { highestRole, visibleProjects } from "./rights.ts";
export { asRole, roleName, ROLES, type Action, type Resource, type Role } from "./roles.ts";
export type { Scope } from "./scope.ts";
export { openSecretBox, type SecretBox } from "./secret-box.ts";
export { SERVICE } from "./tokens.ts";
