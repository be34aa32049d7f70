import type { HistoryEntry } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Flex, Timeline } from "antd";
import { api } from "../../api.ts";
import { partsOf } from "../../addresses.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Digest } from "../../parts/copy.tsx";
import { Failure } from "../../parts/failure.tsx";
import { When } from "../../parts/units.tsx";
import { restoreNow } from "../../parts/use-restoring.ts";
import { Lines } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { undo } from "../../undo.ts";
import { DigestLink } from "./digest-link.tsx";

const SHOWN = 30;
const COLOURS = { create: "green", update: "blue", repeat: "gray", delete: "red" } as const;

/** Who moved a tag when and from where, newest first, with a way back to each. */
export function TagHistory({
  repository,
  tag,
  now,
  may,
}: {
  readonly repository: string;
  readonly tag: string;
  /** The digest that it shows now. */
  readonly now: string;
  /** Whether the caller may put it back. */
  readonly may: boolean;
}) {
  const t = useTexts("artifacts");
  const { project, rest } = partsOf(repository);
  const { data, error } = useQuery({
    queryKey: ["history", "tag", repository, tag],
    queryFn: async () => {
      const params = { project_name_or_id: project };
      const query = { repository: rest, tag, kind: "tag", page_size: SHOWN };
      const headers = { "x-is-resource-name": "true" };
      return (await api.projectHistory.list({ params, query, headers })).body;
    },
  });
  if (error) return <Failure error={error} />;
  if (!data) return <Lines rows={2} />;
  return (
    <Timeline
      style={{ paddingTop: 8 }}
      aria-label={t("history.of", { tag })}
      items={data.map((entry) => ({
        key: entry.seq,
        color: COLOURS[entry.operation],
        content: (
          <Entry
            {...{ repository, tag, entry }}
            back={may && entry.to_digest !== null && entry.to_digest !== now}
          />
        ),
      }))}
    />
  );
}

function Entry({
  repository,
  tag,
  entry,
  back,
}: {
  readonly repository: string;
  readonly tag: string;
  readonly entry: HistoryEntry;
  readonly back: boolean;
}) {
  const t = useTexts("artifacts");
  const putBack = usePuttingBack(repository, tag);
  const { operation, username, op_time: time, from_digest: from, to_digest: to } = entry;
  return (
    <Flex vertical gap={2}>
      <span>
        {t(`history.${operation}`, { who: username })} · <When time={time} />
      </span>
      <Flex gap={8} wrap align="center">
        {from && from !== to && (
          <>
            <Digest value={from} /> →
          </>
        )}
        {to && <DigestLink repository={repository} digest={to} />}
        {back && (
          <Button size="small" onClick={() => putBack(entry)}>
            {t("history.back")}
          </Button>
        )}
      </Flex>
    </Flex>
  );
}

function usePuttingBack(repository: string, tag: string): (entry: HistoryEntry) => void {
  const t = useTexts("artifacts");
  const queries = useQueryClient();
  const { ask, undoable } = useDoing();
  const refresh = async () => {
    await queries.invalidateQueries();
  };
  return ({ seq, to_digest: digest }) =>
    ask(
      {
        title: t("history.ask", { tag }),
        about: <span className="code broken">{digest}</span>,
        action: t("history.back"),
      },
      async () => {
        const execution = await restoreNow({ name: `${repository}:${tag}`, at: `seq:${seq}` });
        await refresh();
        const again = () => undo(`execution:${execution}`).then(refresh);
        undoable(t("history.done", { tag }), again, t("delete.undone"));
      },
    );
}
