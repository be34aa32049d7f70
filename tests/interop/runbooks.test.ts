import { newPlace, testS3 } from "@entrepot/storage/testing";
import { afterEach, describe, expect, test } from "vitest";
import { type GuideMachine, guideMachine } from "./guide-machine.ts";
import { contentsOf, readEverything } from "./registry-contents.ts";
import { hasSkopeo } from "./skopeo.ts";

/*
 * The runbooks, word for word, on a machine of their own: a server in a process, whose disk is
 * lost, whose database is lost, whose blobs are damaged, between one section and the next.
 */

const LONG_MS = 600_000;
const s3 = await testS3();
const title = hasSkopeo ? "runbooks" : "runbooks (skipped: skopeo is not installed)";

const LOGIN = "skopeo login registry.example -u admin --password-stdin < registry.password\n";
const PUSH = `${LOGIN}entrepot project create team
skopeo copy --all oci:app:1.0 docker://registry.example/team/app:1.0
skopeo copy --all oci:app:1.0 docker://registry.example/library/app:1.0
`;

/** Ends the server as a crash does, and its database. */
const CRASH = `systemctl kill entrepot
kill -QUIT "$(head -1 /var/lib/entrepot/postgres/cluster/postmaster.pid)"
while [ -e /var/lib/entrepot/postgres/cluster/postmaster.pid ]; do sleep 0.1; done
systemctl stop entrepot
`;

/** Waits until the storage carries all names. */
const ARCHIVED = `newest() {
  curl -sfu "admin:$(cat registry.password)" https://registry.example/metrics |
    sed -n 's/^entrepot_journal_head //p'
}
until entrepot rebuild --data /var/lib/entrepot --dry-run | grep -q "seq $(newest)"; do
  sleep 0.2
done
`;

describe.skipIf(!hasSkopeo)(title, { timeout: LONG_MS }, () => {
  let machine: GuideMachine | undefined;
  afterEach(async () => {
    await machine?.close();
    machine = undefined;
  });

  const credentialed = ({ place }: GuideMachine) => ({
    url: place.url,
    credential: { username: "admin", password: place.password },
  });

  test("everything that can be lost, one after the other", async () => {
    machine = await guideMachine();
    const said = await machine.run("recover.md", {
      befalls: {
        "A deleted image": `${PUSH}entrepot tag delete team/app:1.0 --yes`,
        "A deleted project": "entrepot project delete team --cascade --yes",
        "A damaged blob": `entrepot backup run vault --wait
layer=$(find /var/lib/entrepot/storage/blobs -type f -size +0 | sort | head -1)
printf X | dd of="$layer" conv=notrunc status=none`,
        "Lost database": `${ARCHIVED}${CRASH}`,
        "Lost disk": `entrepot backup run vault --wait
${CRASH}rm -rf /var/lib/entrepot; mkdir /var/lib/entrepot`,
      },
    });
    const server = credentialed(machine);
    const contents = await contentsOf(server);
    expect(Object.keys(contents).toSorted()).toEqual(["library/app:1.0", "team/app:1.0"]);
    await readEverything(server, contents);
    for (const words of [/corrupt/, /comes back/, /Restored 2 tags/, /Every blob is there/]) {
      expect(said).toMatch(words);
    }
  });

  test("backups", async () => {
    machine = await guideMachine();
    const said = await machine.run("backup.md", {
      befalls: {
        Backups: "systemctl restart entrepot",
        "Single projects and repositories": PUSH,
        Restore: `entrepot backup run vault --wait
cp /var/lib/entrepot/secret.key .
${CRASH}rm -rf /var/lib/entrepot; mkdir /var/lib/entrepot`,
      },
    });
    expect(said).toMatch(/Restored 2 tags/);
    const contents = await contentsOf(credentialed(machine));
    const names = ["library/app:1.0", "team-then/app:1.0", "team/app:1.0"];
    expect(Object.keys(contents).toSorted()).toEqual(names);
    await readEverything(credentialed(machine), contents);
  });

  test.skipIf(s3 === null)("moving to S3", async () => {
    const { accessKey, secretKey } = s3!.keys;
    machine = await guideMachine([
      `ENTREPOT_S3_ACCESS_KEY=${accessKey}`,
      `ENTREPOT_S3_SECRET_KEY=${secretKey}`,
    ]);
    const place = await newPlace(s3!);
    const said = await machine.run("s3.md", {
      words: { "s3:my-bucket/registry?region=eu-central-1": place },
      befalls: {
        "Moving to S3": `entrepot login https://registry.example -u admin --password-stdin \\
  < registry.password
${PUSH}`,
      },
    });
    expect(said).toContain("Success");
    const server = credentialed(machine);
    const contents = await contentsOf(server);
    expect(Object.keys(contents).toSorted()).toEqual(["library/app:1.0", "team/app:1.0"]);
    await readEverything(server, contents);
  });
});
