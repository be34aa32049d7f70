import type { Policy, PolicyLag, RegistryEndpoint } from "@entrepot/api";
import { type Standing, standingOf } from "./standing.ts";

/** A registry in the picture. */
export interface Place {
  /** 0 is this registry. */
  readonly id: number;
  readonly name: string;
  readonly healthy: boolean;
  readonly x: number;
  readonly y: number;
}

/** A policy in the picture: an arrow from `from` to `to`, bent by `bend`. */
export interface Arrow {
  readonly id: number;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly standing: Standing;
  /** An SVG path, and where its text stands. */
  readonly path: string;
  readonly x: number;
  readonly y: number;
}

/** The picture, in units of its own. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly places: readonly Place[];
  readonly arrows: readonly Arrow[];
}

/** The size of a registry's box. */
export const BOX = { width: 176, height: 56 } as const;

const MARGIN = 28;
/** Room for the text of an arrow. */
const SPAN = 260;
/** So far apart are the texts of arrows between the same two. */
const LANE = 46;

/**
 * Where everything stands: what policies only pull from at the left, if there is such, then this
 * registry, then every other endpoint, each as high as its arrows need.
 */
export function pictureOf(
  endpoints: readonly RegistryEndpoint[],
  policies: readonly Policy[],
  lag: readonly PolicyLag[],
): Picture {
  const otherOf = (policy: Policy) => policy.src_registry.id || policy.dest_registry.id;
  const arrowsOf = (id: number) => policies.filter((policy) => otherOf(policy) === id);
  const onlyPulled = ({ id }: RegistryEndpoint) =>
    arrowsOf(id).length > 0 && arrowsOf(id).every((policy) => policy.src_registry.id === id);
  const columns = [endpoints.filter(onlyPulled), endpoints.filter((one) => !onlyPulled(one))];
  const roomOf = ({ id }: RegistryEndpoint) =>
    Math.max(BOX.height + MARGIN, arrowsOf(id).length * LANE + MARGIN);
  const heights = columns.map((column) => column.reduce((sum, one) => sum + roomOf(one), 0));
  const height = Math.max(BOX.height + 2 * MARGIN, ...heights);

  const places: Place[] = [];
  const x = MARGIN + (columns[0]!.length > 0 ? BOX.width + SPAN : 0);
  const right = x + (columns[1]!.length > 0 ? BOX.width + SPAN : 0);
  const width = right + BOX.width + MARGIN;
  places.push({ id: 0, name: "", healthy: true, x, y: height / 2 - BOX.height / 2 });
  for (const [side, column] of columns.entries()) {
    let top = (height - heights[side]!) / 2;
    for (const endpoint of column) {
      const room = roomOf(endpoint);
      places.push({
        id: endpoint.id,
        name: endpoint.name,
        healthy: endpoint.status === "healthy",
        x: side === 0 ? MARGIN : right,
        y: top + room / 2 - BOX.height / 2,
      });
      top += room;
    }
  }
  const arrows = places
    .filter(({ id }) => id !== 0)
    .flatMap((place) =>
      arrowsOf(place.id).map((policy, n, all) => {
        const offset = (n - (all.length - 1) / 2) * LANE;
        return arrowOf(policy, place, places[0]!, offset, lag);
      }),
    );
  return { width, height, places, arrows };
}

function arrowOf(
  policy: Policy,
  other: Place,
  here: Place,
  offset: number,
  lag: readonly PolicyLag[],
): Arrow {
  const isPull = policy.src_registry.id !== 0;
  const isLeft = other.x < here.x;
  const [hereX, otherX] = isLeft ? [here.x, other.x + BOX.width] : [here.x + BOX.width, other.x];
  const near = { x: hereX, y: here.y + BOX.height / 2 };
  const far = { x: otherX, y: other.y + BOX.height / 2 + clamp(offset, BOX.height / 2 - 8) };
  const text = { x: (near.x + far.x) / 2, y: other.y + BOX.height / 2 + offset };
  const [start, end] = isPull ? [far, near] : [near, far];
  // Through the point of its text, so that no two arrows lie on each other.
  const bent = (a: number, b: number, through: number) => 2 * through - (a + b) / 2;
  const control = { x: text.x, y: bent(start.y, end.y, text.y) };
  const standing = lag.find(({ policy_id: id }) => id === policy.id);
  return {
    id: policy.id,
    name: policy.name,
    from: isPull ? other.id : 0,
    to: isPull ? 0 : other.id,
    standing: standing ? standingOf(standing) : policy.enabled ? "level" : "paused",
    path: `M ${start.x} ${start.y} Q ${control.x} ${control.y} ${end.x} ${end.y}`,
    ...text,
  };
}

const clamp = (value: number, most: number): number => Math.max(-most, Math.min(most, value));
