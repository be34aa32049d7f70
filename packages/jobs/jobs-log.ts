/** Where the job service tells its operator what it met; `text` is one line. */
export type JobsLog = (level: "info" | "warn" | "error", text: string) => void;
