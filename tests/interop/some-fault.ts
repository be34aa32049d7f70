import type { Chance } from "../simulation/seed.ts";
import type { Fault } from "./fault-proxy.ts";

/** Where in a connection something happens: sometimes in its first head, sometimes in a blob. */
const within = (chance: Chance) => chance.between(1, chance.oneOf([200, 2_000, 60_000]));

const KINDS: readonly ((chance: Chance) => Fault)[] = [
  () => ({ refuse: true }),
  (chance) => ({ cutAfterBytes: within(chance) }),
  (chance) => ({ cutAfterSentBytes: within(chance) }),
  (chance) => ({ delayMs: chance.between(1, 40) }),
  (chance) => ({ stallAfterBytes: within(chance) }),
  (chance) => ({ stallAfterSentBytes: within(chance) }),
  (chance) => ({ halfCloseAfterBytes: within(chance) }),
  (chance) => ({ answer: { status: chance.oneOf([500, 502, 503, 504]) } }),
  () => ({ answer: { status: 429, headers: { "retry-after": "1" } } }),
];

/** What happens to one connection over a line of which the part `bad`, from 0 to 1, goes wrong. */
export function someFault(chance: Chance, bad: number): Fault {
  return chance.random() < bad ? chance.oneOf(KINDS)(chance) : {};
}
