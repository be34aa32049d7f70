import { isIP } from "node:net";
import { networkList } from "@entrepot/distribution/client";

/** Where a request comes from, and how it was addressed there. */
export interface Arrival {
  /** An IP address; empty where there is none. */
  readonly address: string;
  /** `https://registry.example:8443`; null: as the request itself says. */
  readonly origin: string | null;
}

/**
 * Where a request comes from that `peer` has sent. What proxies say of it is believed of those that
 * are trusted, and of nobody else. Never throws, whatever the headers say.
 */
export type Arrive = (peer: string, request: Pick<Request, "headers" | "url">) => Arrival;

const HOST = /^(?:[a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;
const LONGEST_HOST = 260;

/**
 * Believes the proxies in `networks` (`10.0.0.5,fd00::/64`; empty: none). The address is the
 * rightmost one in X-Forwarded-For that is no trusted proxy's: whatever stands left of it, its
 * sender may have made up. Of several protocols and hosts that one counts which the farthest
 * trusted proxy has added. Throws BAD_REQUEST for what is no list of networks.
 */
export function trustedProxies(networks: string): Arrive {
  const trusted = networks === "" ? null : networkList(networks);
  const isTrusted = (address: string) =>
    trusted!.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

  return (peer, { headers, url }) => {
    const near = trusted && addressOf(peer);
    if (near === null || !isTrusted(near)) return { address: peer, origin: null };

    let address = near;
    let hops = 1;
    for (const told of itemsOf(headers.get("x-forwarded-for")).toReversed()) {
      const next = addressOf(told);
      // What cannot be read was said by the proxy that we know: it is as far as we can see.
      if (next === null) break;
      address = next;
      if (!isTrusted(next)) break;
      hops += 1;
    }
    const [scheme, host] = ["x-forwarded-proto", "x-forwarded-host"].map((name) => {
      const items = itemsOf(headers.get(name));
      return items[Math.max(0, items.length - hops)] ?? null;
    });
    return { address, origin: originOf(url, scheme?.toLowerCase() ?? "", host ?? "") };
  };
}

function itemsOf(header: string | null): string[] {
  return header === null ? [] : header.split(",").map((item) => item.trim());
}

/** `text` as one writes an address: without port, zone, brackets, or IPv6 around IPv4. */
function addressOf(text: string): string | null {
  const [, bracketed, quad] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? [];
  const plain = (bracketed ?? quad ?? text).replace(/%.*$/, "");
  const ipv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1] ?? plain;
  return isIP(ipv4) === 0 ? null : ipv4.toLowerCase();
}

/** The origin that proxies tell; what of it is no protocol or no host is left as it came. */
function originOf(url: string, scheme: string, host: string): string | null {
  const came = URL.parse(url);
  if (!came) return null;
  const protocol = scheme === "http" || scheme === "https" ? `${scheme}:` : came.protocol;
  // The port goes with the host, and the standard one of one protocol is not that of another.
  const told = host.length <= LONGEST_HOST && HOST.test(host) ? host : came.host;
  return URL.parse(`${protocol}//${told}`)?.origin ?? null;
}
