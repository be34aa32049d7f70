import { randomBytes } from "node:crypto";
import { RegistryError } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Cli } from "../call.ts";
import { withExample, withYes } from "../options.ts";

interface SecretOptions {
  readonly new?: boolean;
  readonly yes?: boolean;
}

/** Adds `user secret`: what accounts of OpenID Connect log in with where there is no browser. */
export function addCliSecret(user: Command, cli: Cli): void {
  const secret = withYes(
    user
      .command("secret")
      .summary("shows your CLI secret, or makes another")
      .description(
        "Shows your CLI secret, with which docker logs in where an OpenID Connect provider has\n" +
          "your password; with --new makes another, and the one before counts no more.",
      ),
  )
    .option("--new", "make another one")
    .action(
      action(cli, async (call, { new: isNew, yes }: SecretOptions) => {
        const { user_id, source, oidc_user_meta: meta } = (await call.api.users.current()).body;
        if (source !== "oidc") {
          throw new RegistryError(
            "PRECONDITION",
            "only accounts of OpenID Connect have a CLI secret; use your password, or make a " +
              "token with 'entrepot token create'",
          );
        }
        if (!isNew) {
          if (meta?.secret !== undefined) return call.terminal.write(`${meta.secret}\n`);
          const message = "you have none yet, or signed in with a token, which is not told it";
          throw new RegistryError("NOT_FOUND", `${message}; the portal shows it in your profile`);
        }
        await call.confirm("Make another CLI secret? The one before counts no more.", yes);
        // Made here: what this command line signed in with may be the one that ends now.
        const made = randomBytes(32).toString("base64url");
        await call.api.oidc.cliSecret({ params: { user_id }, body: { secret: made } });
        call.terminal.note("Made another CLI secret; sign in anew with it: 'entrepot login'.");
        call.terminal.write(`${made}\n`);
      }),
    );
  withExample(
    secret,
    "$ entrepot user secret | docker login registry.example -u ann --password-stdin",
  );
}
