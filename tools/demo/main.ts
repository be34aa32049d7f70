import { openScreen } from "./screen.ts";
import { tellStory } from "./story.ts";

/** Exit codes: 1 it failed or the sides differ, 130 it was interrupted. */
const FAILED = 1;
const INTERRUPTED = 130;

const screen = openScreen(process.stdout);
const stop = new AbortController();
const undone: (() => Promise<unknown>)[] = [];

// Not `once`: npm repeats the terminal's signal, and tidying up must not be cut short by it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) screen.line(`\n${signal}: stopping both and tidying up …`);
    stop.abort();
  });
}

process.exitCode = await run();

async function run(): Promise<number> {
  const started = performance.now();
  try {
    const onEnd = (undo: () => Promise<unknown>) => void undone.push(undo);
    const equal = await tellStory({ screen, signal: stop.signal, onEnd });
    await tidy();
    const seconds = Math.round((performance.now() - started) / 1000);
    screen.line(`Stopped, and removed what was made. All in ${seconds} s.`);
    return equal ? 0 : FAILED;
  } catch (error) {
    await tidy();
    if (stop.signal.aborted) return INTERRUPTED;
    screen.line(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
    return FAILED;
  }
}

/** Undoes everything, the latest first; one failure does not spare the rest. */
async function tidy(): Promise<void> {
  for (const undo of undone.splice(0).toReversed()) {
    await undo().catch((error: unknown) => screen.line(`Not tidied up: ${String(error)}`));
  }
}
