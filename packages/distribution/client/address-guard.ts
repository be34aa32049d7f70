import { lookup } from "node:dns";
import { BlockList, isIP } from "node:net";
import type { LookupFunction } from "node:net";
import { RegistryError } from "@entrepot/oci";
import { buildConnector } from "undici";

/** Whether connections may go to an IP address: null if so, else why not. */
export type AddressGuard = (address: string) => string | null;

/**
 * Refused whatever is configured: no registry lives there, but machines' own credentials may. The
 * metadata services of AWS, Azure, Google, Oracle and Alibaba are among them.
 */
const NEVER = [
  "0.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "100.100.100.200/32",
  "168.63.129.16/32",
  "192.0.0.192/32",
  "::/128",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
  "fd00:ec2::254/128",
  "fd20:ce::254/128",
];

const NOT_PUBLIC = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "::1/128",
  "fc00::/7",
];

/**
 * A guard by the words of ENTREPOT_ENDPOINT_NETWORKS: `any` allows private networks and this very
 * machine, `public` neither, and a list of networks (`10.1.0.0/16,fd12::/16`) just those. Addresses
 * of links, multicast and metadata services are always refused. Throws BAD_REQUEST for other words.
 */
export function addressGuard(networks = "any"): AddressGuard {
  const never = listOf(NEVER);
  const notPublic = listOf(NOT_PUBLIC);
  const words = networks === "any" || networks === "public";
  const listed = words ? null : listOf(split(networks), "any, public or networks");
  return (address) => {
    const plain = withoutEmbedding(address);
    const family = isIP(plain);
    if (family === 0) return "it is no IP address";
    const kind = family === 6 ? "ipv6" : "ipv4";
    if (never.check(plain, kind)) return "it is an address of the link or of a metadata service";
    if (listed) return listed.check(plain, kind) ? null : "it is in none of the networks allowed";
    const hidden = networks === "public" && notPublic.check(plain, kind);
    return hidden ? "it is not a public address" : null;
  };
}

/**
 * undici's connector, behind `guard`: every address is judged when the connection is made, after
 * names have been resolved, so that no name server can lead us elsewhere in between.
 */
export function guardedConnector(
  guard: AddressGuard,
  options: buildConnector.BuildOptions,
): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: guardedLookup(guard) } as never);
  return (target, callback) => {
    const refused = refusedHost(guard, target.hostname);
    if (refused) return callback(refused, null);
    connect(target, callback);
  };
}

/** The error for a `hostname` that is itself an address (no name, no lookup) and not allowed. */
export function refusedHost(guard: AddressGuard, hostname: string): RegistryError | null {
  const host = hostname.replaceAll(/[[\]]/g, "");
  const why = isIP(host) ? guard(host) : null;
  return why === null ? null : refusal(host, host, why);
}

/** Only addresses that `guard` allows; refuses if none of a name's is. */
export function guardedLookup(guard: AddressGuard, resolve = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "", 0);
      const allowed = addresses.filter(({ address }) => guard(address) === null);
      const [first] = allowed;
      if (first === undefined) {
        const [address = "nothing"] = addresses.map((one) => one.address);
        return callback(refusal(hostname, address, guard(address) ?? ""), "", 0);
      }
      if (options.all) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };
}

function refusal(host: string, address: string, why: string): RegistryError {
  const where = host === address ? host : `${host} (${address})`;
  return new RegistryError(
    "UNREACHABLE",
    `no connection is made to ${where}: ${why}; ENTREPOT_ENDPOINT_NETWORKS says where may be gone`,
  );
}

/** The IPv4 address that an IPv6 one stands for (mapped, NAT64, 6to4), else `address` itself. */
function withoutEmbedding(address: string): string {
  const plain = address.replace(/%.*$/, "");
  if (isIP(plain) !== 6) return plain;
  const words = wordsOf(plain);
  const ipv4 = (high: number, low: number) =>
    [high >> 8, high & 255, low >> 8, low & 255].join(".");
  const zeros = (n: number) => words.slice(0, n).every((word) => word === 0);
  const mapped = zeros(5) && words[5] === 0xffff;
  const compatible = zeros(6) && words[6] !== 0;
  const nat64 = words[0] === 0x64 && words[1] === 0xff9b;
  if (mapped || compatible || nat64) return ipv4(words[6]!, words[7]!);
  return words[0] === 0x2002 ? ipv4(words[1]!, words[2]!) : plain;
}

function wordsOf(address: string): number[] {
  const quad = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = quad
    ? quad[1]! +
      [quad.slice(2, 4), quad.slice(4, 6)]
        .map(([high, low]) => (Number(high) * 256 + Number(low)).toString(16))
        .join(":")
    : address;
  const [head = "", tail] = text.split("::", 2);
  const parse = (part: string) => (part === "" ? [] : part.split(":").map((w) => parseInt(w, 16)));
  const [before, after] = [parse(head), parse(tail ?? "")];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function split(networks: string): string[] {
  return networks
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
}

/**
 * The addresses and networks of `text`, as `10.0.0.5,fd12::/16`. Throws BAD_REQUEST for anything
 * else, and for none.
 */
export function networkList(text: string): BlockList {
  const networks = split(text);
  return listOf(networks.length > 0 ? networks : [text], "addresses or networks");
}

function listOf(networks: readonly string[], wanted = "networks"): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [, address = "", bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
    const family = isIP(address);
    const length = Number(bits ?? (family === 6 ? 128 : 32));
    if (family === 0 || length > (family === 6 ? 128 : 32)) {
      throw new RegistryError(
        "BAD_REQUEST",
        `${JSON.stringify(network)} is no network; give ${wanted} as 10.0.0.0/8`,
      );
    }
    list.addSubnet(address, length, family === 6 ? "ipv6" : "ipv4");
  }
  return list;
}
