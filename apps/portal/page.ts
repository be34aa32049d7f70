import type { ComponentType } from "react";

/** A page: where it is, and how its code is fetched when somebody goes there. */
export interface Page {
  /** With parameters as `$name`; the last may be `$`, which takes the rest, slashes included. */
  readonly path: string;
  readonly load: () => Promise<{ default: ComponentType }>;
  /** Shown only to system administrators. */
  readonly sysadmin?: boolean;
}
