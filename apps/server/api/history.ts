import type { Action, Resource } from "@entrepot/access";
import { routes } from "@entrepot/api";
import type { JournalKind } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import {
  asJournalKind,
  bandOf,
  countDifferences,
  diffMoments,
  heldMoment,
  history,
  historyBegins,
  lastDeletionOf,
  type Moment,
  momentOf,
  namesAt,
  parseMoment,
  rangeOf,
} from "@entrepot/recovery";
import type { Context } from "hono";
import { type ApiOptions, type App, type Env, requires } from "./app.ts";
import { shownDifference, shownEntry, shownName } from "./history-shape.ts";

/** What of the past one caller may see. */
interface View {
  /** Null: the whole registry, deleted projects too. */
  readonly project: string | null;
  /** Nothing up to this seq: a project of the same name had it, and was deleted. */
  readonly hiddenUpTo: number;
  /** Null: every kind of name. */
  readonly kinds: readonly JournalKind[] | null;
}

/** What may be read in a project's history besides what every reader sees; else only by admins. */
const KIND_RIGHTS: { readonly [kind in JournalKind]?: readonly [Resource, Action] } = {
  project: ["project", "read"],
  repository: ["repository", "list"],
  manifest: ["artifact", "list"],
  artifact_label: ["artifact", "list"],
  tag: ["tag", "list"],
  conflict: ["tag", "list"],
  label: ["label", "list"],
  member: ["member", "list"],
  robot: ["robot", "list"],
  webhook: ["notification-policy", "read"],
  quota: ["project", "read"],
  retention: ["tag-retention", "read"],
  immutable: ["immutable-tag", "list"],
};

/** Adds the past: of the whole registry, and of one project. */
export function addHistory(app: App, options: ApiOptions): void {
  const everything: View = { project: null, hiddenUpTo: 0, kinds: null };
  addRoom(app, options, routes.history, async () => everything);
  const ofProject = routes.projectHistory as unknown as typeof routes.history;
  addRoom(app, options, ofProject, (context) => projectView(options, context));
}

async function projectView(options: ApiOptions, context: Context<Env>): Promise<View> {
  const { access, catalog } = options;
  const project = context.get("project").name;
  const identity = context.get("identity");
  if (identity.sysadmin) return { project, hiddenUpTo: 0, kinds: null };
  const kinds = Object.entries(KIND_RIGHTS) as [JournalKind, [Resource, Action]][];
  const allowed = await Promise.all(
    kinds.map(async ([kind, right]) =>
      (await access.may(identity, project, ...right)) ? [kind] : [],
    ),
  );
  return { project, hiddenUpTo: await lastDeletionOf(catalog, project), kinds: allowed.flat() };
}

type Room = typeof routes.history;
type ViewOf = (context: Context<Env>) => Promise<View>;

function addRoom(app: App, options: ApiOptions, room: Room, viewOf: ViewOf): void {
  const { catalog } = options;
  const middleware = requires(options, room.list["x-right"]);

  app.openapi({ ...room.list, middleware }, async (context) => {
    const query = context.req.valid("query");
    const view = await viewOf(context);
    const kinds = seenOf(view, kindsIn(query.kind));
    const limit = query.page_size;
    const found = await history(catalog, {
      scope: scopeOf(view, query),
      ...(kinds && { kinds }),
      actor: query.username,
      cause: query.cause,
      keyPrefix: query.prefix,
      deletionsOnly: query.deletions,
      since: query.since === undefined ? undefined : parseMoment(query.since),
      until: query.until === undefined ? undefined : parseMoment(query.until),
      hiddenUpTo: view.hiddenUpTo,
      olderThan: query.older_than,
      newerThan: query.newer_than,
      limit,
    });
    const direction = query.newer_than === undefined ? "older_than" : "newer_than";
    if (found.length === limit) linkNext(context, { [direction]: String(found.at(-1)!.seq) });
    return context.json(found.map(shownEntry), 200);
  });

  app.openapi({ ...room.at, middleware }, async (context) => {
    const query = context.req.valid("query");
    const view = await viewOf(context);
    const { seq } = await seenMoment(options, view, query, query.at);
    const range = rangeOf(query.kind, scopeOf(view, query));
    const limit = query.page_size;
    const found = range ? await namesAt(catalog, { range, seq, last: query.last, limit }) : [];
    context.header("X-Moment-Seq", String(seq));
    if (found.length === limit) linkNext(context, { at: `seq:${seq}`, last: found.at(-1)!.key });
    return context.json(found.map(shownName), 200);
  });
  addDiff(app, options, room, viewOf);
  addBand(app, options, room, viewOf);
}

function addBand(app: App, options: ApiOptions, room: Room, viewOf: ViewOf): void {
  const { catalog } = options;
  const middleware = requires(options, room.band["x-right"]);

  app.openapi({ ...room.band, middleware }, async (context) => {
    const query = context.req.valid("query");
    const view = await viewOf(context);
    const scope = scopeOf(view, query);
    const kinds = seenOf(view, null);
    const to = query.until === undefined ? catalog.now() : new Date(query.until);
    const from = query.since === undefined ? null : new Date(query.since);
    if (from && from >= to) throw new RegistryError("BAD_REQUEST", "`since` is not before `until`");
    const entries = { scope, ...(kinds && { kinds }), hiddenUpTo: view.hiddenUpTo };
    const [band, begins, head] = await Promise.all([
      bandOf(catalog, { entries, from, to, bars: query.bars }),
      historyBegins(catalog, scope.project),
      catalog.head(),
    ]);
    const earliest =
      view.hiddenUpTo > begins.seq ? await momentOf(catalog, { seq: view.hiddenUpTo }) : begins;
    const shown = {
      from: band.from.toISOString(),
      to: band.to.toISOString(),
      begins: earliest.seq === 0 ? null : { seq: earliest.seq, time: earliest.at.toISOString() },
      head_seq: head,
      bars: band.bars.map(({ at, ...counts }) => ({ time: at.toISOString(), ...counts })),
    };
    return context.json(shown, 200);
  });
}

function addDiff(app: App, options: ApiOptions, room: Room, viewOf: ViewOf): void {
  const { catalog } = options;
  const middleware = requires(options, room.diff["x-right"]);

  app.openapi({ ...room.diff, middleware }, async (context) => {
    const query = context.req.valid("query");
    const view = await viewOf(context);
    const now = `seq:${await catalog.head()}`;
    const [from, to] = await Promise.all([
      seenMoment(options, view, query, query.from),
      seenMoment(options, view, query, query.to ?? now),
    ]);
    if (from.seq > to.seq) {
      throw new RegistryError("BAD_REQUEST", "`from` is later than `to`; exchange them");
    }
    const kinds = kindsIn(query.kind);
    const asked = {
      from: from.seq,
      to: to.seq,
      scope: scopeOf(view, query),
      ...(kinds && { kinds }),
    };
    const limit = query.page_size;
    const last = query.last === undefined ? undefined : lastOf(query.last);
    const [found, counts] = await Promise.all([
      diffMoments(catalog, asked, { last, limit }),
      last ? null : countDifferences(catalog, asked),
    ]);
    const end = found.length === limit ? found.at(-1) : undefined;
    const shown = ({ seq, at }: Moment) => ({ seq, time: at.toISOString() });
    return context.json(
      {
        from: shown(from),
        to: shown(to),
        counts,
        differences: found.map(shownDifference),
        next: end ? `${end.kind} ${end.key}` : null,
      },
      200,
    );
  });
}

/** What is asked about, within what may be seen. */
function scopeOf(
  view: View,
  asked: { project?: string; repository?: string; tag?: string; digest?: string } & object,
) {
  const { repository, tag, digest } = asked;
  const project = view.project ?? asked.project;
  if (project === undefined && repository !== undefined) {
    throw new RegistryError("BAD_REQUEST", "a repository is asked for with its project");
  }
  if (repository === undefined && (tag !== undefined || digest !== undefined)) {
    throw new RegistryError("BAD_REQUEST", "a tag or a digest is asked for with its repository");
  }
  if (tag !== undefined && digest !== undefined) {
    throw new RegistryError("BAD_REQUEST", "ask for a tag or for a digest, not for both");
  }
  return { project, repository, tag, digest };
}

function kindsIn(text: string | undefined): JournalKind[] | null {
  if (text === undefined) return null;
  return text.split(",").map((name) => {
    const kind = asJournalKind(name.trim());
    if (kind) return kind;
    const shown = JSON.stringify(name.slice(0, 50));
    throw new RegistryError("BAD_REQUEST", `${shown} is not a kind of name; tag is one`);
  });
}

/** Of the kinds asked for (null: all) those that may be seen. */
function seenOf({ kinds }: View, asked: readonly JournalKind[] | null) {
  if (kinds === null) return asked;
  return asked ? asked.filter((kind) => kinds.includes(kind)) : kinds;
}

async function seenMoment(
  { catalog }: ApiOptions,
  view: View,
  asked: object,
  text: string,
): Promise<Moment> {
  const { project } = scopeOf(view, asked);
  const moment = await heldMoment(catalog, parseMoment(text), project);
  if (moment.seq >= view.hiddenUpTo) return moment;
  throw new RegistryError(
    "NOT_FOUND",
    `project '${view.project}' was created again after that moment; what a project of this name ` +
      "had before, system administrators may see",
  );
}

function lastOf(text: string): { kind: JournalKind; key: string } {
  const space = text.indexOf(" ");
  const kind = asJournalKind(text.slice(0, Math.max(space, 0)));
  if (kind) return { kind, key: text.slice(space + 1) };
  throw new RegistryError("BAD_REQUEST", "`last` is not the `next` of a page");
}

/** Tells where the next page is: this address with `changes` in its query. */
function linkNext(context: Context<Env>, changes: Readonly<Record<string, string>>): void {
  const url = new URL(context.req.url);
  for (const [name, value] of Object.entries(changes)) url.searchParams.set(name, value);
  context.header(
    "Link",
    `<${url.pathname.replaceAll(",", "%2C")}?${url.searchParams}>; rel="next"`,
  );
}
