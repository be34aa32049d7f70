import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Failure } from "../../parts/failure.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { onePolicy } from "./data.ts";
import { draftOf, NEW_POLICY } from "./policy-draft.ts";
import { PolicyEditor } from "./policy-editor.tsx";

/** A new policy: `?project=` for one of a project, `?endpoint=`, or `?from=` a copy of another. */
export default function NewPolicy() {
  const t = useTexts("replication");
  const search: Record<string, string | undefined> = useSearch({ strict: false });
  const from = Number(search["from"]) || null;
  const { data, error } = useQuery({ ...onePolicy(from ?? 0), enabled: from !== null });
  const given = {
    ...NEW_POLICY,
    project: Number(search["project"]) || null,
    endpoint: Number(search["endpoint"]) || null,
  };
  return (
    <>
      <PageHead
        title={t("policy.new")}
        trail={[{ title: t("policies.title"), to: "/replication/policies" }]}
      />
      {error && <Failure error={error} />}
      {from !== null && !data && !error && <Waiting />}
      {(from === null || data) && (
        <PolicyEditor stored={null} initial={data ? { ...draftOf(data), name: "" } : given} />
      )}
    </>
  );
}
