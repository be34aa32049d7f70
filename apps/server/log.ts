import { pino, type Logger } from "pino";

/** Structured log lines, on standard error. Whatever could be a secret is left out by name. */
export type Log = Logger;

/** The log at `level`. */
export function openLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: ["*.password", "*.access_secret", "*.authorization", "*.headers.authorization"],
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
