import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pushImage, shellOf } from "./at-shell.ts";

let here: TestServer;
let there: TestServer;
beforeAll(async () => {
  [here, there] = await Promise.all([testServer(), testServer()]);
});
afterAll(async () => {
  await Promise.all([here?.close(), there?.close()]);
});

const atShell = (server?: TestServer) => shellOf({ here, there }, server);

// Each command is a process of its own, and machines that run tests are busy.
const SLOW = { timeout: 300_000 };

test("signing in, and what can be wrong with a command", SLOW, async () => {
  await using session = await atShell();
  const { note, run, compare } = session;
  note("Nothing is known yet.");
  await run("entrepot whoami");
  note("Signing in. The password is checked, then kept where nobody else can read it.");
  await run('echo wrong | entrepot login "$HERE" -u admin --password-stdin');
  await run('echo "$PASSWORD" | entrepot login "$HERE" -u admin --password-stdin');
  await run("stat -c '%a %n' .config/entrepot .config/entrepot/config.json");
  await run("entrepot whoami");
  await run("entrepot status");
  note("A server that is not there, and one that nobody has signed in to.");
  await run("entrepot login localhost:9 -u admin --password-stdin < /dev/null");
  await run('entrepot user list --server "$THERE"');
  note("The environment wins over the file.");
  await run('ENTREPOT_SERVER="$THERE" entrepot whoami');
  await run("ENTREPOT_USERNAME=admin entrepot whoami");
  await run("ENTREPOT_USERNAME=admin ENTREPOT_PASSWORD=wrong entrepot whoami");
  note("Words that are not right.");
  await run("entrepot projekt list");
  await run("entrepot project lst");
  await run("entrepot project show");
  await run("entrepot project list --output yaml");
  await run("entrepot project delete library");
  await run("entrepot help exit-codes");
  note("And out.");
  await run("entrepot logout");
  await run("entrepot whoami");
  await compare("cli-sign-in");
});

test("projects, users, repositories, artifacts and tags", SLOW, async () => {
  await using session = await atShell(here);
  const { note, run, compare } = session;
  note("A project and its members.");
  await run("entrepot project create team");
  await run("entrepot project create team");
  await run("entrepot project update team --public");
  await run("entrepot project show team");
  await run("echo Longenough1 | entrepot user create ann --password-stdin");
  await run("entrepot project member add team ann --role maintainer");
  await run("entrepot project member list team");
  note("Lists: for people, for scripts, by name; all pages, or as many as asked for.");
  await run("entrepot project list");
  await run("entrepot project list --limit 1");
  await run("entrepot project list --query name=library --output json");
  await run("entrepot project list --output name | head -n 1");
  note("An image under two tags.");
  await pushImage(here, "team/web/front", ["1.0", "latest"]);
  await run("entrepot repository list team");
  await run("entrepot repository describe team/web/front 'The front page.'");
  await run("entrepot artifact list team/web/front");
  await run("entrepot tag add team/web/front:1.0 stable");
  await run("entrepot tag delete team/web/front:latest --yes");
  await run("entrepot tag list team/web/front --output name | sort");
  await run("entrepot artifact copy team/web/front:1.0 library/front");
  await run("entrepot artifact show library/front:1.1");
  note("Tidying up.");
  await run("entrepot project delete team --yes");
  await run("entrepot artifact delete team/web/front:1.0 --yes");
  await run("entrepot repository delete team/web/front --yes");
  await run("entrepot project delete team --yes");
  await run("entrepot user delete ann --yes");
  await run("entrepot user delete ann --yes");
  await compare("cli-projects");
});

test("an image is replicated, and when that fails it is told why", SLOW, async () => {
  await using session = await atShell(here);
  const { note, run, compare, quietly } = session;
  note("Where copies are to go.");
  await run(
    'entrepot registry add backup "$THERE" --username admin --secret-env THERE_PASSWORD \\\n' +
      "    --description 'the other house'",
  );
  await run("entrepot registry list");
  note("What is to be copied.");
  await run("entrepot replication policy create mirror");
  await run("entrepot replication policy create mirror --to backup --repositories 'library/hello'");
  await run("entrepot replication policy update mirror --cron '0 30 2 * * *' --tags 'v*'");
  await run("entrepot replication policy list");
  await run("entrepot replication policy update mirror --trigger manual --tags ''");
  note("Off it goes. Progress is on standard error, which is left out here.");
  await pushImage(here, "library/hello", ["v1"]);
  await run("entrepot replication run mirror --wait 2>/dev/null");
  await run("entrepot replication run mirror --wait 2>/dev/null");
  await run("entrepot replication lag mirror");
  await run("entrepot replication lag mirror --all");
  await run("entrepot replication execution list --policy mirror");
  await run("entrepot replication task list 1");
  await run("entrepot replication logs 1 --follow");
  const remote = await quietly('entrepot tag list library/hello -o name --server "$THERE"');
  expect(remote.out).toBe("v1\n");
  note("What is not there.");
  await run("entrepot replication run mirrors");
  await run("entrepot replication logs 99");
  await run("entrepot registry delete backup --yes");
  note("A disabled policy does not run.");
  await run("entrepot replication policy disable mirror");
  await run("entrepot replication run mirror");
  await run("entrepot replication policy delete mirror --yes");
  await run("entrepot registry delete backup --yes");
  await compare("cli-replication");
});

test("Ctrl-C ends the waiting, not the run; a reader may leave early", SLOW, async () => {
  const idle = await testServer({ workers: 0 });
  await using session = await atShell(idle);
  const { quietly } = session;
  await quietly('entrepot registry add backup "$THERE" -u admin --secret-env THERE_PASSWORD');
  await quietly("entrepot replication policy create mirror --to backup");
  // The first line of progress says that it waits.
  const waited = await quietly(
    "mkfifo said; entrepot replication run mirror --wait 2>said & read line <said; " +
      'echo "$line"; exec 3<said; kill -INT $!; wait $!; echo "exit $?"; cat <&3',
  );
  const goesOn = "Execution 1 goes on; 'entrepot replication execution stop 1' ends it.";
  expect(waited.out).toBe(`0/1 task\nexit 130\n${goesOn}\n`);
  expect(await quietly("entrepot replication execution stop 1")).toMatchObject({ code: 0 });
  const left = await quietly("(entrepot project list --output json; echo $? >&2) | true");
  expect(left.err).toBe("0\n");
  await idle.close();
});
