import type { Replica } from "@entrepot/api";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Flex, Segmented, Tag, Typography } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { Digest } from "../../parts/copy.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { durationText, When } from "../../parts/units.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import { FailureView } from "./failure-view.tsx";

/** What a policy wants at its target and has not arrived, longest first, and why; or all of it. */
export function WaitingTable({ policyId }: { readonly policyId: number }) {
  const t = useTexts("replication");
  const columns = useColumns();
  const navigate = useNavigate();
  const search: Record<string, string | undefined> = useSearch({ strict: false });
  const all = search["names"] === "all";
  return (
    <ApiTable<Replica>
      label={t("waiting.title")}
      queryKey={["lag", policyId, "replicas", all]}
      load={(asked) =>
        api.replicas.list({
          params: { id: policyId },
          query: { ...asked, behind: !all, oldest_first: !all },
        })
      }
      columns={columns}
      rowKey={({ repository, reference, target }) => `${repository} ${reference} ${target}`}
      searchField="repository"
      searchHint={t("waiting.search")}
      refreshMs={5_000}
      tools={
        <Segmented
          value={all ? "all" : "waiting"}
          aria-label={t("waiting.which")}
          options={[
            { value: "waiting", label: t("waiting.only") },
            { value: "all", label: t("waiting.all") },
          ]}
          onChange={(names) => {
            const next = names === "all" ? "all" : undefined;
            void navigate({
              to: ".",
              search: { ...search, names: next, page: undefined } as never,
            });
          }}
        />
      }
      empty={
        all ? undefined : (
          <NothingYet title={t("waiting.none")}>{t("waiting.noneAbout")}</NothingYet>
        )
      }
      below={(replica) => <More replica={replica} />}
    />
  );
}

function useColumns(): Columns<Replica> {
  const t = useTexts("replication");
  const language = useLanguage();
  return [
    {
      title: t("waiting.name"),
      key: "name",
      render: (_, { repository, reference, wanted }) => (
        <span>
          <span className="code">{nameOf(repository, reference)}</span>{" "}
          {wanted === null && <Tag color="error">{t("waiting.gone")}</Tag>}
        </span>
      ),
    },
    {
      title: t("waiting.lag"),
      key: "lag",
      render: (_, { lag_seconds: seconds, arrived_at: at }) =>
        seconds > 0 ? durationText(seconds * 1_000, language) : <When time={at} />,
    },
    {
      title: t("waiting.why"),
      key: "why",
      render: (_, { cause, why }) => (
        <div style={{ maxWidth: 460, whiteSpace: "normal" }}>
          {cause === null ? (
            <Tag color="success">{t("waiting.arrived")}</Tag>
          ) : (
            <>
              <Tag>{t(`cause.${cause}`)}</Tag>
              {why}
            </>
          )}
        </div>
      ),
    },
    {
      title: t("waiting.next"),
      key: "next",
      render: (_, { next_attempt: at }) => <When time={at} />,
    },
  ];
}

/** A repository with a tag or a digest. */
export function nameOf(repository: string, reference: string): string {
  return `${repository}${reference.includes(":") ? "@" : ":"}${reference}`;
}

function More({ replica }: { readonly replica: Replica }) {
  const t = useTexts("replication");
  const { wanted, arrived, target, reference, attempts, failure, cause } = replica;
  return (
    <Flex vertical gap={8} style={{ maxWidth: 760 }}>
      <Typography.Text>
        {t("waiting.there")} <span className="code">{nameOf(target, reference)}</span>
      </Typography.Text>
      <span>
        {t("waiting.wanted")} <Digest value={wanted} /> · {t("waiting.has")}{" "}
        <Digest value={arrived} />
      </span>
      {attempts > 0 && <span>{t("waiting.attempts", { count: attempts })}</span>}
      {failure && <FailureView failure={failure} />}
      {cause !== null && !failure && <span>{t(`cause.remedy.${cause}`)}</span>}
    </Flex>
  );
}
