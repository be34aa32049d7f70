import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Descriptions, Flex } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Bytes } from "../../parts/units.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import type { InProject } from "./project-page.tsx";
import { useSummary } from "./project-storage.tsx";
import { BytesInput } from "../../parts/bytes-input.tsx";

/** What the project takes up, and its limit, which system administrators change. */
export function QuotaCard({ project }: InProject) {
  const t = useTexts("projects");
  const { sysadmin } = usePerson();
  const { data: summary } = useSummary(project.name);
  if (!summary) return <Card title={t("quota")} loading />;
  const { used, hard } = summary.quota;
  return (
    <Card title={t("quota")}>
      <Descriptions
        column={{ xs: 1, md: 2 }}
        items={[
          { key: "used", label: t("quota.used"), children: <Bytes value={used.storage} /> },
          {
            key: "hard",
            label: t("quota.limit"),
            children: hard.storage < 0 ? t("quota.none") : <Bytes value={hard.storage} />,
          },
        ]}
      />
      {sysadmin && <Change projectId={project.project_id} />}
    </Card>
  );
}

function Change({ projectId }: { readonly projectId: number }) {
  const t = useTexts("projects");
  const queries = useQueryClient();
  const { run } = useDoing();
  const { data: quota } = useQuery({
    queryKey: ["quotas", "project", projectId],
    queryFn: async () => {
      const query = { reference: "project", reference_id: String(projectId) } as const;
      const found = (await api.quotas.list({ query })).body[0];
      if (!found) return null;
      return (await api.quotas.get({ params: { id: found.id } })).body;
    },
  });
  const [limit, setLimit] = useState<number | null>(null);
  if (!quota) return null;
  const shown = limit ?? quota.hard.storage;
  const save = () =>
    run(async () => {
      await api.quotas.update({
        params: { id: quota.id },
        body: { hard: { storage: shown } },
      });
      setLimit(null);
      await queries.invalidateQueries({ queryKey: ["quotas"] });
      await queries.invalidateQueries({ queryKey: ["projects"] });
    }, t("quota.saved"));
  return (
    <>
      {quota.history_bytes ? (
        <p>
          {t("quota.history")} <Bytes value={quota.history_bytes} />
        </p>
      ) : null}
      <Flex gap={8} wrap style={{ maxWidth: 480, marginTop: 16 }}>
        <label htmlFor="quota" style={{ flex: 1, minWidth: 220 }}>
          {t("quota.change")}
          <BytesInput id="quota" value={shown} onChange={setLimit} />
        </label>
        <Button
          type="primary"
          disabled={shown === quota.hard.storage}
          onClick={() => void save()}
          style={{ alignSelf: "end" }}
        >
          {t("settings.save")}
        </Button>
      </Flex>
    </>
  );
}
