import server from "../package.json" with { type: "json" };

/** Entrepot's version. */
export const VERSION = server.version;

/** The Harbor whose API this is, as its clients look for it. */
export const HARBOR_VERSION = `v2.16.0-entrepot-${VERSION}`;
