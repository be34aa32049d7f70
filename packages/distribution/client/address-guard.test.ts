import type { LookupAddress } from "node:dns";
import { expect, test } from "vitest";
import { addressGuard, guardedLookup } from "./address-guard.ts";

const ALWAYS_REFUSED = [
  "169.254.169.254",
  "0.0.0.0",
  "0.1.2.3",
  "224.0.0.1",
  "255.255.255.255",
  "100.100.100.200",
  "168.63.129.16",
  "::",
  "fe80::1",
  "fe80::1%eth0",
  "ff02::1",
  "fd00:ec2::254",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "::a9fe:a9fe",
  "64:ff9b::a9fe:a9fe",
  "2002:a9fe:a9fe::1",
];

test.for(["any", "public", "169.254.0.0/16,fe80::/10,::/0,0.0.0.0/0"])(
  "%s never allows",
  (networks) => {
    const guard = addressGuard(networks);
    for (const address of ALWAYS_REFUSED) expect([address, guard(address)]).not.toContain(null);
  },
);

const PRIVATE = [
  "127.0.0.1",
  "::1",
  "10.2.3.4",
  "172.31.0.1",
  "192.168.1.1",
  "fd12::1",
  "::ffff:10.0.0.1",
];
const PUBLIC = ["93.184.216.34", "172.32.0.1", "2606:2800:220:1::1"];

test.for([
  ["any", true, true],
  ["public", false, true],
  ["10.0.0.0/8,127.0.0.0/8,172.16.0.0/12,192.168.0.0/16,::1,fc00::/7", true, false],
  ["0.0.0.0/0, 2000::/3", undefined, true],
] as const)("%s: private %s, public %s", ([networks, isPrivate, isPublic]) => {
  const guard = addressGuard(networks);
  if (isPrivate !== undefined) {
    expect(PRIVATE.map((one) => guard(one) === null)).toEqual(PRIVATE.map(() => isPrivate));
  }
  expect(PUBLIC.map((one) => guard(one) === null)).toEqual(PUBLIC.map(() => isPublic));
});

test.for(["private", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "fe80::1%eth0/64", "10.0.0/8"])(
  "%s is no network",
  (networks) => {
    expect(() => addressGuard(networks)).toThrow(/give any, public or networks/);
  },
);

function resolving(...addresses: string[]) {
  const found = addresses.map((address): LookupAddress => ({ address, family: 4 }));
  const resolve = (_: string, __: object, answer: (error: null, found: LookupAddress[]) => void) =>
    answer(null, found);
  const ask = guardedLookup(addressGuard("public"), resolve as never);
  return new Promise((done) => {
    ask("rebind.example", { all: true }, (error, address) => done(error ?? address));
  });
}

test("a name is judged by what it stands for when the connection is made", async () => {
  expect(await resolving("169.254.169.254")).toMatchObject({ code: "UNREACHABLE" });
  expect(await resolving("10.0.0.1", "169.254.169.254")).toMatchObject({
    message: expect.stringContaining("rebind.example (10.0.0.1): it is not a public address"),
  });
  expect(await resolving("10.0.0.1", "93.184.216.34")).toEqual([
    { address: "93.184.216.34", family: 4 },
  ]);
});
