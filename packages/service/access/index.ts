export {
  ACCESS_SETTINGS,
  ROBOT_DAYS,
  ROBOT_PREFIX,
  SESSION_MINUTES,
  TOKEN_MINUTES,
} from "./access-settings.ts";
export type { AccessToken, NewAccessToken } from "./access-tokens.ts";
export { openAccess, type Access, type AccessOptions } from "./access.ts";
export type { Account, Accounts, NewAccount } from "./accounts.ts";
export { TOKEN_PATH } from "./challenge.ts";
export { ANONYMOUS, type Grant, type Identity } from "./identity.ts";
export { loadMasterKey } from "./master-key.ts";
export { type Member, type MemberRights, type Members, ownRights, putMember } from "./members.ts";
export { restoreMembers } from "./restore-members.ts";
export { restoreRobots } from "./restore-robots.ts";
export { EVERYWHERE, type RobotPermission } from "./robot-rights.ts";
export { type AskedPermission, daysOf, permissionsOf } from "./robot-rules.ts";
export type { Robot, Robots } from "./robots.ts";
export { scopesOf } from "./refusal.ts";
export { highestRole, listedProjects, visibleProjects } from "./rights.ts";
export {
  asRole,
  PROJECT_RIGHTS,
  roleName,
  ROLES,
  type Action,
  type Resource,
  type Role,
} from "./roles.ts";
export { ALL_SYSTEM_RIGHTS, type SystemRight } from "./system-rights.ts";
export type { Scope } from "./scope.ts";
export { openSecretBox, type SecretBox } from "./secret-box.ts";
export { csrfTokenOf, isCsrfToken, ownAccount, type Session } from "./sessions.ts";
export { SERVICE } from "./tokens.ts";
export type { Directories, DirectoryNetwork } from "./directory/directories.ts";
export type { Vouched } from "./directory/directory-accounts.ts";
export { AUTH_MODE, DIRECTORY_SETTINGS } from "./directory/directory-settings.ts";
export { openLdap } from "./directory/ldap.ts";
export { isBelow } from "./directory/ldap-name.ts";
export { localPath } from "./directory/local-path.ts";
export type { UserGroups } from "./directory/user-groups.ts";
export { ldapSettings } from "./directory/ldap-settings.ts";
export { oidcSettings } from "./directory/oidc-settings.ts";
export type { LoginEvent } from "./told-logins.ts";
