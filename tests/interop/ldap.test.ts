import { lookup } from "node:dns";
import { ldapSettings, openLdap } from "@entrepot/access";
import type { Settings } from "@entrepot/catalog";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BASE_DN, hasSlapd, LDAP_PASSWORD, runSlapd, SEARCHER, type Slapd } from "./slapd.ts";

const title = `a directory by LDAP${hasSlapd ? "" : " (skipped: slapd is not installed)"}`;

/** Names that mean something to filters, to distinguished names, or to nobody. */
const ODD = [
  "o'brien",
  "a*b",
  "(x)",
  "back\\slash",
  "smith, ann",
  "jörg",
  "李雷",
  "a=b+c",
  "#1 <2>",
];

describe.skipIf(!hasSlapd)(title, () => {
  let slapd: Slapd;
  let ann: string;

  beforeAll(async () => {
    slapd = await runSlapd();
    ann = await slapd.addPerson("ann", { displayName: "Ann Onymous", mail: "ann@example.org" });
    for (const uid of ODD) await slapd.addPerson(uid);
    const devs = await slapd.addGroup("devs", [ann]);
    await slapd.addGroup("everybody", [devs]);
    const odd = `uid=smith\\, ann,ou=people,${BASE_DN}`;
    await slapd.addGroup("commas, and (brackets)", [odd, ann]);
    await slapd.addGroup("admins", [odd]);
  });
  afterAll(() => slapd?.close());

  const settings = (changed: Readonly<Record<string, string | number | boolean>> = {}) =>
    ldapSettings({ get: ({ initial }) => initial }, { ...slapd.settings, ...changed });
  const ldap = () => openLdap({ lookup });

  test("a password is tried by binding as the entry that is found", async () => {
    const found = await ldap().authenticate(settings(), "ann", LDAP_PASSWORD);
    expect(found).toMatchObject({
      dn: ann,
      username: "ann",
      email: "ann@example.org",
      realname: "Ann Onymous",
      externalId: expect.stringMatching(/^[\da-f]{8}-[\da-f-]{27}$/),
      isAdmin: false,
    });
    expect(found!.inGroups.toSorted()).toEqual([
      String.raw`cn=commas\, and (brackets),ou=groups,dc=example,dc=org`,
      "cn=devs,ou=groups,dc=example,dc=org",
    ]);
    expect(await ldap().authenticate(settings(), "ANN", LDAP_PASSWORD)).toEqual(found);
  });

  test.for([
    ["ann", "wrong"],
    // A directory takes an empty password for a login as nobody, which succeeds.
    ["ann", ""],
    ["", LDAP_PASSWORD],
    ["nobody", LDAP_PASSWORD],
    ["*", LDAP_PASSWORD],
    ["a*", LDAP_PASSWORD],
    ["ann)(uid=*", LDAP_PASSWORD],
    ["*)(objectClass=*", LDAP_PASSWORD],
    ["searcher", SEARCHER.password],
  ] as const)("%s with %s is nobody", async ([username, password]) => {
    expect(await ldap().authenticate(settings(), username, password)).toBe(null);
  });

  test.for(ODD)("%s logs in", async (uid) => {
    const found = await ldap().authenticate(settings(), uid, LDAP_PASSWORD);
    expect(found?.username).toBe(uid);
  });

  test("several entries of one name let nobody in", async () => {
    const uid = ["twin", "other-twin"];
    const first = await slapd.addPerson("twin");
    await slapd.add(`uid=other-twin,ou=people,${BASE_DN}`, {
      objectClass: ["inetOrgPerson"],
      uid,
      cn: "t",
      sn: "t",
      userPassword: LDAP_PASSWORD,
    });
    await expect(ldap().authenticate(settings(), "twin", LDAP_PASSWORD)).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("narrow"),
    });
    await slapd.remove(first);
    const left = await ldap().authenticate(settings(), "twin", LDAP_PASSWORD);
    expect(left?.dn).toContain("other-twin");
  });

  test("groups count below their base and by their filter, nested ones if set", async () => {
    const groupsOf = async (changed: Parameters<typeof settings>[0]) =>
      (await ldap().find(settings(changed), "ann"))!.inGroups.map((dn) => dn.split(",")[0]);
    expect(await groupsOf({ ldap_group_search_filter: "(cn=devs)" })).toEqual(["cn=devs"]);
    expect(await groupsOf({ ldap_group_search_filter: "", ldap_group_base_dn: "" })).toHaveLength(
      2,
    );
    expect(await groupsOf({ ldap_group_base_dn: `ou=people,${BASE_DN}` })).toEqual([]);
    expect(await groupsOf({ ldap_group_nested: true })).toContain("cn=everybody");
    // As with a directory whose entries tell of no groups: those are asked for their members.
    expect(await groupsOf({ ldap_group_membership_attribute: "isMemberOf" })).toHaveLength(2);
  });

  test("members of the administrators' group are that, wherever the group is", async () => {
    const admins = {
      ldap_group_admin_dn: `CN=Admins, OU=groups, ${BASE_DN}`,
      ldap_group_base_dn: `ou=elsewhere,${BASE_DN}`,
    };
    expect(await ldap().find(settings(admins), "smith, ann")).toMatchObject({ isAdmin: true });
    expect(await ldap().find(settings(admins), "ann")).toMatchObject({ isAdmin: false });
  });

  test("people and groups can be searched", async () => {
    const people = await ldap().people(settings(), "a");
    expect(people.map(({ username }) => username)).toEqual(["a*b", "a=b+c", "ann"]);
    expect((await ldap().people(settings(), "a*")).map(({ username }) => username)).toEqual([
      "a*b",
    ]);
    expect(await ldap().people(settings(), "")).not.toHaveLength(0);
    const groups = await ldap().groups(settings(), { name: "(brackets)" });
    expect(groups).toMatchObject([{ name: "commas, and (brackets)" }]);
    const dn = `cn=devs,ou=groups,${BASE_DN}`;
    expect(await ldap().groups(settings(), { dn })).toMatchObject([{ name: "devs", dn }]);
    expect(await ldap().groups(settings(), { dn: `cn=no,${BASE_DN}` })).toEqual([]);
  });

  test("an answer to one question says nothing of the next: logins go on", async () => {
    const one = ldap();
    expect(await one.groups(settings(), { dn: "no name" })).toEqual([]);
    expect(await one.groups(settings(), { dn: "cn=devs,dc=example,dc=com" })).toEqual([]);
    const wrong = settings({ ldap_base_dn: "no name either", ldap_uid: "uid" });
    expect(await one.find(wrong, "ann")).toBe(null);
    expect(await one.authenticate(settings(), "ann", LDAP_PASSWORD)).toMatchObject({ dn: ann });
  });

  test("the password that is set goes nowhere else", () => {
    const set: Readonly<Record<string, unknown>> = slapd.settings;
    const stored = { get: ({ name, initial }) => set[name] ?? initial } as Pick<Settings, "get">;
    const sent = (given: Readonly<Record<string, unknown>>) =>
      ldapSettings(stored, given).searchPassword;
    expect(sent({})).toBe(SEARCHER.password);
    expect(sent({ ldap_url: slapd.settings.ldap_url, ldap_timeout: 1 })).toBe(SEARCHER.password);
    expect(sent({ ldap_url: "ldap://127.0.0.1:1" })).toBe("");
    expect(sent({ ldap_verify_cert: false })).toBe("");
    const own = { ldap_url: "ldap://127.0.0.1:1", ldap_search_password: "own" };
    expect(sent(own)).toBe("own");
  });

  test.for(["ldaps", "StartTLS"])("encrypted by %s, with its authority", async (how) => {
    const tls: Parameters<typeof settings>[0] =
      how === "ldaps" ? { ldap_url: slapd.tlsUrl } : { ldap_start_tls: true };
    const trusting = settings({ ...tls, ldap_ca_certificate: slapd.ca });
    expect(await ldap().authenticate(trusting, "ann", LDAP_PASSWORD)).toMatchObject({ dn: ann });
    await expect(ldap().authenticate(settings(tls), "ann", LDAP_PASSWORD)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringMatching(/certificate/),
    });
    const careless = settings({ ...tls, ldap_verify_cert: false });
    expect(await ldap().authenticate(careless, "ann", LDAP_PASSWORD)).toMatchObject({ dn: ann });
  });

  test("ping says what is wrong", async () => {
    await ldap().ping(settings());
    const messageOf = (changed: Parameters<typeof settings>[0]) =>
      ldap()
        .ping(settings(changed))
        .then(
          () => "fine",
          (error: Error) => error.message,
        );
    expect(await messageOf({ ldap_search_password: "wrong" })).toMatch(/ldap_search_dn and its/);
    expect(await messageOf({ ldap_base_dn: `ou=no,${BASE_DN}` })).toMatch(/check ldap_base_dn/);
    expect(await messageOf({ ldap_url: "" })).toMatch(/no ldap_url is set/);
    expect(await messageOf({ ldap_url: "ldap://127.0.0.1:1" })).toMatch(/ECONNREFUSED/);
  });

  test("a directory that does not answer is given up in time, and then left alone", async () => {
    const time = { now: 0 };
    const one = openLdap({ lookup, clock: () => time.now });
    const hasty = settings({ ldap_timeout: 1 });
    expect(await one.authenticate(hasty, "ann", LDAP_PASSWORD)).not.toBe(null);
    slapd.freeze();
    try {
      const began = performance.now();
      const asked = () => one.authenticate(hasty, "ann", LDAP_PASSWORD);
      await expect(asked()).rejects.toMatchObject({ code: "UNAVAILABLE" });
      const tookMs = performance.now() - began;
      expect(tookMs).toBeGreaterThan(900);
      expect(tookMs).toBeLessThan(10_000);
      const again = performance.now();
      await expect(asked()).rejects.toMatchObject({ message: /try again in some seconds/ });
      expect(performance.now() - again).toBeLessThan(500);
    } finally {
      slapd.thaw();
    }
    time.now += 10_001;
    expect(await one.authenticate(hasty, "ann", LDAP_PASSWORD)).not.toBe(null);
  });
});
