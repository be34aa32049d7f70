/** After so long without a key, a finger or a mouse, what a page asks for it asks by itself. */
const PRESENT_MS = 60_000;
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"] as const;

/** Whether somebody is at a page. */
export interface Presence {
  isThere(): boolean;
}

/** Watches `page` for signs of somebody; whoever has just opened it counts as one. */
export function presenceAt(page: EventTarget, clock: () => number = Date.now): Presence {
  let seenAt = clock();
  for (const sign of SIGNS) {
    page.addEventListener(sign, () => (seenAt = clock()), { capture: true, passive: true });
  }
  return { isThere: () => clock() - seenAt < PRESENT_MS };
}
