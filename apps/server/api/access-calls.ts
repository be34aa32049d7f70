import type { TestServer } from "../testing.ts";
import { ACTOR, PASSWORD, type Prepare, someone, unused } from "./rights-preparations.ts";

/** A new account, as whom nobody calls. */
async function aVisitor({ access }: TestServer) {
  const account = { username: unused(), password: PASSWORD };
  const { id, username } = await access.createAccount(ACTOR, account);
  return { id, username };
}

/** What calls about sessions, tokens and profiles need, by room and name of the route. */
export const ACCESS_CALLS: Readonly<Record<string, Prepare>> = {
  "users.search": () => ({ query: { username: "padmin" } }),
  "users.update": async (server) => ({ ...(await someone(server)), body: { realname: "Extra" } }),
  "sessions.create": async (server) => {
    const { username } = await aVisitor(server);
    return { body: { username, password: PASSWORD } };
  },
  "sessions.list": async (server) => ({ query: { user_id: String((await aVisitor(server)).id) } }),
  "sessions.revoke": async (server) => {
    const { username } = await aVisitor(server);
    const identity = await server.access.login(username, PASSWORD, "10.0.0.9");
    const origin = { address: "10.0.0.9", userAgent: "test" };
    const { id } = await server.access.beginSession(identity, origin);
    return { params: { session_id: id } };
  },
  "accessTokens.create": () => ({ body: { name: unused() } }),
};
