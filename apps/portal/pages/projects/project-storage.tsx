import { useQuery } from "@tanstack/react-query";
import { Progress, Tooltip } from "antd";
import { api } from "../../api.ts";
import { Bytes, bytesText } from "../../parts/units.tsx";
import { useLanguage, useTexts } from "../../texts.ts";

/** A project's counts, by its name. */
export function useSummary(name: string) {
  return useQuery({
    queryKey: ["projects", "summary", name],
    staleTime: 30_000,
    queryFn: async () => {
      const params = { project_name_or_id: name };
      return (await api.projects.summary({ params, headers: { "x-is-resource-name": "true" } }))
        .body;
    },
  });
}

/** What a project takes up, and how much of its quota that is. */
export function ProjectStorage({ name }: { readonly name: string }) {
  const t = useTexts("projects");
  const language = useLanguage();
  const { data } = useSummary(name);
  if (!data) return <>–</>;
  const { used, hard } = data.quota;
  if (hard.storage < 0) return <Bytes value={used.storage} />;
  const percent = hard.storage === 0 ? 100 : Math.min(100, (used.storage / hard.storage) * 100);
  const text = t("quota.of", {
    used: bytesText(used.storage, language),
    hard: bytesText(hard.storage, language),
  });
  return (
    <Tooltip title={t("quota")}>
      <span style={{ whiteSpace: "nowrap" }}>
        <Progress
          type="circle"
          aria-label={text}
          percent={Math.round(percent)}
          size={14}
          strokeWidth={18}
          showInfo={false}
          status={percent >= 90 ? "exception" : "normal"}
          style={{ marginInlineEnd: 6 }}
        />
        {text}
      </span>
    </Tooltip>
  );
}
