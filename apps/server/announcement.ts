/** What everybody is told. Harbor's banner, with a Chinese text beside. */
export interface Announcement {
  readonly message: string;
  /** The same in Chinese; empty: as `message`. */
  readonly messageZh: string;
  readonly severity: "success" | "info" | "warning" | "danger";
  readonly closable: boolean;
  /** From when and up to when it is shown, milliseconds since the epoch; null: unbounded. */
  readonly from: number | null;
  readonly to: number | null;
}

const SEVERITIES = ["success", "info", "warning", "danger"] as const;
const FIELDS = new Set(["message", "message_zh", "type", "closable", "fromDate", "toDate"]);
const LONGEST = 4_000;

/**
 * The announcement that `text` holds, the setting `banner_message`; null: none. Throws an Error
 * that says what is wrong with it. Source: Harbor's portal, BannerMessage.
 */
export function announcementOf(text: string): Announcement | null {
  if (text.trim() === "") return null;
  const found = parsed(text);
  const unknown = Object.keys(found).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) throw new Error(`there is no field ${JSON.stringify(unknown)}`);
  const { message, message_zh: messageZh = "", type = "info", closable = true } = found;
  if (typeof message !== "string" || typeof messageZh !== "string") {
    throw new TypeError("message and message_zh are texts, and message is needed");
  }
  if (message.length > LONGEST || messageZh.length > LONGEST) {
    throw new Error(`message and message_zh have at most ${LONGEST} characters each`);
  }
  const severity = SEVERITIES.find((one) => one === type);
  if (!severity) throw new Error(`type is one of ${SEVERITIES.join(", ")}`);
  if (typeof closable !== "boolean") throw new TypeError("closable is true or false");
  const [from, to] = [timeOf(found, "fromDate"), timeOf(found, "toDate")];
  if (from !== null && to !== null && to <= from) throw new Error("toDate is not after fromDate");
  return { message, messageZh, severity, closable, from, to };
}

/** Whether `announcement` is to be shown at `now`, milliseconds since the epoch. */
export function isShown(announcement: Announcement, now: number): boolean {
  const { from, to } = announcement;
  return (from ?? now) <= now && now < (to ?? Infinity);
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Told below.
  }
  throw new Error('expected a JSON object: {"message":"…","type":"warning"}');
}

function timeOf(found: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = found[name];
  if (value === undefined || value === null || value === "") return null;
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new Error(`${name} is not a time`);
  return time;
}
