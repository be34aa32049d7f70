import type { HistoryDiff, HistoryDifference, PastName } from "@entrepot/api";
import { routes } from "@entrepot/api/client";
import type { Command } from "commander";
import { action, type Call, type Cli } from "../call.ts";
import { counted, formatTime } from "../format.ts";
import { MOMENT_HELP, momentOf } from "../moment.ts";
import { oneOf, withExample, withLimit } from "../options.ts";
import type { View } from "../output.ts";
import { entryView } from "./history-view.ts";
import { pastNamed, type PastScope, roomOf } from "./past-names.ts";

const AT_KINDS = ["tag", "manifest", "repository", "project"] as const;

const nameView: View<PastName> = {
  name: ({ resource }) => resource,
  columns: ({ time, digest }) => [
    { title: "NAME", value: ({ resource }) => resource },
    { title: "DIGEST", value: (name) => digest(name.digest) },
    { title: "SINCE", value: (name) => time(name.op_time) },
    { title: "BY", value: ({ username }) => username },
  ],
};

const differenceView: View<HistoryDifference> = {
  name: ({ resource }) => resource,
  columns: ({ digest }) => [
    { title: "CHANGE", value: ({ operation }) => operation },
    { title: "KIND", value: (found) => found.resource_type },
    { title: "NAME", value: ({ resource }) => resource },
    { title: "FROM", value: (found) => digest(found.from_digest) },
    { title: "TO", value: (found) => digest(found.to_digest) },
  ],
};

/** Adds `history`. */
export function addHistory(program: Command, cli: Cli): void {
  const history = program
    .command("history")
    .description(
      "History: what changed, what there was at a moment, what differs between two. A moment is " +
        `${MOMENT_HELP}; without a zone it is this machine's time, with --utc it is UTC's.`,
    );
  addList(history, cli);
  addAt(history, cli);
  addDiff(history, cli);
}

interface ListOptions {
  readonly since?: string;
  readonly until?: string;
  readonly kind?: string;
  readonly user?: string;
  readonly cause?: string;
  readonly prefix?: string;
  readonly deletions?: boolean;
  readonly oldestFirst?: boolean;
  readonly limit: number;
}

function addList(history: Command, cli: Cli): void {
  const list = withLimit(
    history.command("list").description("Lists what changed, the newest first."),
  )
    .argument("[name]", "a project, project/repository, or an artifact by :tag or @digest")
    .option("--since <moment>", "not before this moment")
    .option("--until <moment>", "not after this moment")
    .option("--kind <kinds>", "only these: tag, manifest, repository, project, member, …")
    .option("--user <name>", "only what this user did")
    .option("--cause <cause>", "only what this request did, or this run: execution:12")
    .option("--prefix <text>", "only names that begin so")
    .option("--deletions", "only deletions")
    .option("--oldest-first", "the oldest first")
    .action(
      action(cli, async (call, name: string | undefined, options: ListOptions) => {
        const { limit, since, until } = options;
        const { project, ...scope } = pastNamed(name);
        const room = await roomOf(call, project);
        const query = {
          ...scope,
          page_size: limit === 0 ? 100 : Math.min(100, limit + 1),
          ...(since !== undefined && { since: momentOf(since, call) }),
          ...(until !== undefined && { until: momentOf(until, call) }),
          ...(options.kind !== undefined && { kind: options.kind }),
          ...(options.user !== undefined && { username: options.user }),
          ...(options.cause !== undefined && { cause: options.cause }),
          ...(options.prefix !== undefined && { prefix: options.prefix }),
          ...(options.deletions && { deletions: true }),
          ...(options.oldestFirst && { newer_than: 0 }),
        };
        const found =
          room.params === null
            ? call.api.each(routes.history.list, { query: { ...query, ...room.query } })
            : call.api.each(routes.projectHistory.list, { ...room, query });
        await call.list(found, entryView, limit);
      }),
    );
  withExample(list, "$ entrepot history list library/hello:latest --since '2d ago'");
}

interface AtOptions {
  readonly kind: (typeof AT_KINDS)[number];
  readonly limit: number;
}

function addAt(history: Command, cli: Cli): void {
  const at = withLimit(history.command("at").description("Lists the names there were at a moment."))
    .argument("<moment>", MOMENT_HELP)
    .argument("[name]", "a project or project/repository")
    .option("--kind <kind>", AT_KINDS.join(", "), oneOf(AT_KINDS), "tag")
    .action(
      action(cli, async (call, moment: string, name: string | undefined, options: AtOptions) => {
        const { kind, limit } = options;
        const { project, repository } = pastNamed(name);
        const room = await roomOf(call, project);
        const asked = { kind, ...(repository !== undefined && { repository }) };
        // The first answer tells which moment it is: the pages after it must not drift.
        const once = { ...asked, at: momentOf(moment, call), page_size: 1 };
        const { headers } =
          room.params === null
            ? await call.api.history.at({ query: { ...once, ...room.query } })
            : await call.api.projectHistory.at({ ...room, query: once });
        const seq = headers.get("x-moment-seq") ?? "";
        const query = { ...asked, at: `seq:${seq}`, page_size: 100 };
        const found =
          room.params === null
            ? call.api.each(routes.history.at, { query: { ...query, ...room.query } })
            : call.api.each(routes.projectHistory.at, { ...room, query });
        await call.list(found, nameView, limit);
        if (call.form === "table") {
          const host = new URL(call.server).host;
          call.terminal.note(`To pull one: ${host}/as-of/seq-${seq}/<name>`);
        }
      }),
    );
  withExample(at, "$ entrepot history at 14:03 library/hello");
}

interface DiffOptions {
  readonly to?: string;
  readonly kind?: string;
  readonly limit: number;
}

function addDiff(history: Command, cli: Cli): void {
  const diff = withLimit(
    history.command("diff").description("Shows what differs between a moment and now, or another."),
  )
    .argument("<from>", MOMENT_HELP)
    .argument("[name]", "a project or project/repository")
    .option("--to <moment>", "the later moment; now, if absent")
    .option("--kind <kinds>", "of tag, manifest, repository, project; all but manifest if absent")
    .action(
      action(cli, async (call, from: string, name: string | undefined, options: DiffOptions) => {
        const { limit, to, kind } = options;
        const query = {
          from: momentOf(from, call),
          ...(to !== undefined && { to: momentOf(to, call) }),
          ...(kind !== undefined && { kind }),
          page_size: 100,
        };
        const first = await diffPage(call, pastNamed(name), query);
        await call.list(differencesOf(call, pastNamed(name), query, first), differenceView, limit);
        if (call.form === "table") conclude(call, first);
      }),
    );
  withExample(diff, "$ entrepot history diff '1d ago' library");
}

type DiffQuery = Readonly<Record<string, string | number>> & { readonly from: string };

async function diffPage(call: Call, scope: PastScope, asked: DiffQuery): Promise<HistoryDiff> {
  const { project, repository } = scope;
  const room = await roomOf(call, project);
  const query = { ...asked, ...(repository !== undefined && { repository }) };
  const { body } =
    room.params === null
      ? await call.api.history.diff({ query: { ...query, ...room.query } })
      : await call.api.projectHistory.diff({ ...room, query });
  return body;
}

/** All pages, between the moments that the first one was of. */
async function* differencesOf(
  call: Call,
  scope: PastScope,
  asked: DiffQuery,
  first: HistoryDiff,
): AsyncGenerator<HistoryDifference> {
  const query = { ...asked, from: `seq:${first.from.seq}`, to: `seq:${first.to.seq}` };
  for (let page = first; ;) {
    yield* page.differences;
    if (page.next === null) return;
    page = await diffPage(call, scope, { ...query, last: page.next });
  }
}

function conclude(call: Call, { from, to, counts }: HistoryDiff): void {
  const { created = 0, gone = 0, moved = 0, changed = 0 } = counts ?? {};
  const [a, b] = [from, to].map(({ time }) => formatTime(time, call.utc));
  const all = created + gone + moved + changed;
  call.terminal.note(
    `${counted(all, "name")} differ between ${a} (seq ${from.seq}) and ${b} (seq ${to.seq}): ` +
      `${created} created, ${gone} gone, ${moved} moved, ${changed} changed.`,
  );
}
