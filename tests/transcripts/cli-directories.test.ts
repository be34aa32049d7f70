import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { hasSlapd, LDAP_PASSWORD, runSlapd, type Slapd } from "../interop/slapd.ts";
import { shellOf } from "./at-shell.ts";

const ACTOR = { name: "test", cause: "test" };
// Each command is a process of its own, and machines that run tests are busy.
const SLOW = { timeout: 300_000 };
const title = hasSlapd ? "a directory" : "a directory (skipped: slapd is not installed)";

describe.skipIf(!hasSlapd)(title, () => {
  let here: TestServer;
  let slapd: Slapd;
  beforeAll(async () => {
    [here, slapd] = await Promise.all([testServer({ workers: 0 }), runSlapd()]);
    const ann = await slapd.addPerson("ann", { displayName: "Ann Onymous" });
    await slapd.addPerson("anton", { displayName: "Anton Ym" });
    await slapd.addPerson("ben", { displayName: "Ben Ign" });
    await slapd.addGroup("devs", [ann]);
    await slapd.addGroup("testers", [ann]);
    await here.content.projects.create(ACTOR, { name: "team", public: false });
  }, 120_000);
  afterAll(async () => {
    await slapd?.close();
    await here?.close();
  });

  test("its people", SLOW, async () => {
    const more = { LDAP: slapd.url };
    await using session = await shellOf({ here, there: here }, here, more);
    const { note, run, quietly, compare } = session;
    note("Nothing is set up yet; then by settings, the password by a pipe.");
    await run("entrepot ldap ping");
    const { ldap_search_password: password, ldap_url: _url, ...settings } = slapd.settings;
    const pairs = Object.entries(settings).map(([name, value]) => `'${name}=${value}'`);
    await run('entrepot config set ldap_url="$LDAP"');
    await quietly(`entrepot config set ${pairs.join(" ")}`);
    await quietly(`echo '${password}' | entrepot config set ldap_search_password -`);
    await run("entrepot ldap ping");
    note("Whom it knows.");
    await run("entrepot ldap search an");
    await run("entrepot ldap search --groups e");
    await run("entrepot ldap search nobody");
    note("Somebody may have an account, and memberships, before the first login.");
    await run("entrepot config set auth_mode=ldap_auth");
    await run("entrepot ldap import anton nobody");
    await run("entrepot ldap import anton");
    await run("entrepot user list --query username=anton --output name");
    note("People log in with the directory's password; a wrong one is refused.");
    const login = `HOME=$HOME/ann entrepot login ${here.url} -u ann --password-stdin`;
    await run(`echo '${LDAP_PASSWORD}' | ${login}`);
    await run("HOME=$HOME/ann entrepot whoami");
    await run(`echo wrong | ${login}`);
    note("A group has a name here, and a role: whoever is in it has that.");
    await run("entrepot group create devs --ldap cn=devs,ou=groups,dc=example,dc=org");
    await run("entrepot group create devs --ldap cn=devs,ou=groups,dc=example,dc=org");
    await run("entrepot group create ghosts --ldap cn=ghosts,ou=groups,dc=example,dc=org");
    await run("entrepot group list");
    await run("entrepot project member add team devs --group --role developer");
    await quietly(`echo '${LDAP_PASSWORD}' | ${login}`);
    await run("HOME=$HOME/ann entrepot project list --output name");
    await run("entrepot group delete devs");
    await run("entrepot group delete devs --yes");
    await run("HOME=$HOME/ann entrepot project list --output name");
    await run("entrepot group delete devs --yes");
    note("A directory that is away keeps nobody out whose password is here.");
    await slapd.stop();
    await run("entrepot ldap ping");
    await run("entrepot whoami");
    await compare("cli-directories");
  });
});
