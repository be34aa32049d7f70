import type { Identity } from "@entrepot/access";
import { RegistryError } from "@entrepot/oci";
import type { Context } from "hono";
import type { ApiOptions, Env } from "./app.ts";
import { type CallerOptions, callerOf } from "./caller.ts";

/** Whether whoever is answered for long is still the one that asked. */
export interface Watch {
  /** Aborted within seconds of the caller's session, token, account or standing ending. */
  readonly signal: AbortSignal;
  /** Begins to look. Returns the call that ends it. */
  begin(): () => void;
}

const LOOK_MS = 2_000;

/** Watches the caller of `context`: asks again, by what the request came with, who that is. */
export function untilRevoked(
  { access, publicUrl }: Pick<ApiOptions, "access" | "publicUrl">,
  context: Context<Env>,
): Watch {
  const revoked = new AbortController();
  const before = context.get("identity");
  const { clientAddress } = context.env;
  const { raw } = context.req;
  // A page that is merely open must not keep its session for good.
  const looking: CallerOptions = {
    access: {
      authenticate: access.authenticate,
      resumeSession: (secret) => access.resumeSession(secret, true),
    },
    publicUrl,
  };

  async function look(): Promise<void> {
    try {
      const now = await callerOf(looking, raw, clientAddress);
      if (!isSame(before, now)) revoked.abort();
    } catch (error) {
      // Who cannot be asked about now is asked about again.
      const known = error instanceof RegistryError && error.code !== "UNAVAILABLE";
      if (known) revoked.abort();
    }
  }

  return {
    signal: revoked.signal,
    begin() {
      let timer: NodeJS.Timeout;
      let ended = false;
      const again = () => {
        timer = setTimeout(() => void look().then(() => ended || again()), LOOK_MS);
        timer.unref();
      };
      again();
      return () => {
        ended = true;
        clearTimeout(timer);
      };
    },
  };
}

function isSame(before: Identity, now: Identity): boolean {
  const [was, is] = [before, now].map(
    ({ kind, accountId, robotId, sysadmin, session, accessToken, readOnly }) =>
      JSON.stringify([kind, accountId, robotId, sysadmin, session, accessToken, readOnly]),
  );
  return was === is;
}
