/**
 * What a caller needs for a route, which declares it as `x-right`:
 * `anyone` (lists show only what the caller may see), `account` (signed in), `system` (system
 * admin), or `resource:action` in the project that the path names. Source: Harbor's project roles.
 */
export type Right =
  | "anyone"
  | "account"
  | "system"
  | "project:read"
  | "project:update"
  | "project:delete"
  | "member:list"
  | "member:write"
  | "notification-policy:read"
  | "notification-policy:write"
  | "repository:list"
  | "repository:read"
  | "repository:update"
  | "repository:delete"
  | "artifact:list"
  | "artifact:read"
  | "artifact:create"
  | "artifact:delete"
  | "artifact-label:create"
  | "artifact-label:delete"
  | "immutable-tag:list"
  | "immutable-tag:write"
  | "tag:list"
  | "tag:create"
  | "tag:delete";
