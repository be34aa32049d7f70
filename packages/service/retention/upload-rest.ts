/** For so long an unfinished upload is kept without a byte more, in milliseconds: a week. */
export const UPLOAD_REST_MS = 7 * 24 * 3_600_000;
