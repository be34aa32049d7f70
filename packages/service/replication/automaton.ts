/** Tells whether a name matches. Takes time linear in the name's length, whatever the pattern. */
export type Matcher = (name: string) => boolean;

/** A state of the automaton: takes a character that passes `test`, or (no test) none at all. */
export interface State {
  test: ((char: string) => boolean) | null;
  next: State[];
}

/** Whether all of `name` leads from `start` to `accept`: time is its length times the states. */
export function simulate(start: State, accept: State, name: string): boolean {
  let states = closure([start]);
  for (const char of name) {
    const moved: State[] = [];
    for (const state of states) if (state.test?.(char)) moved.push(...state.next);
    states = closure(moved);
    if (states.size === 0) return false;
  }
  return states.has(accept);
}

/** All states reached without taking a character. */
function closure(from: readonly State[]): Set<State> {
  const reached = new Set<State>();
  const open = [...from];
  for (let state = open.pop(); state; state = open.pop()) {
    if (reached.has(state)) continue;
    reached.add(state);
    if (state.test === null) open.push(...state.next);
  }
  return reached;
}

/** One character that passes `test`, then `next`. */
export function take(test: (char: string) => boolean, next: State): State {
  return { test, next: [next] };
}

/** Any number of characters that pass `test`, then `after`. */
export function zeroOrMore(test: (char: string) => boolean, after: State): State {
  const again: State = { test: null, next: [after] };
  again.next.push(take(test, again));
  return again;
}

/** At least one character that passes `test`, then `after`. */
export function oneOrMore(test: (char: string) => boolean, after: State): State {
  return take(test, zeroOrMore(test, after));
}
