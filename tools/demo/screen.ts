/** Where the demo tells what it does. */
export interface Screen {
  /** A line. */
  line(text?: string): void;
  /** A line that the next one replaces on a terminal; elsewhere it stays. */
  passing(text: string): void;
}

/** Writes to `out`, which is a terminal or not. */
export function openScreen(out: NodeJS.WriteStream): Screen {
  const width = out.columns || 80;
  let passed = false;
  const wipe = () => {
    if (passed) out.write("\r\u001b[K");
    passed = false;
  };
  return {
    line(text = "") {
      wipe();
      out.write(`${text}\n`);
    },
    passing(text) {
      if (!out.isTTY) return void out.write(`${text}\n`);
      wipe();
      out.write(text.slice(0, width - 1));
      passed = true;
    },
  };
}

/** `bytes` in MiB, as `12.3 MiB`. */
export function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
