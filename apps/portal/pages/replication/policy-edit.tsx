import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Failure } from "../../parts/failure.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { onePolicy } from "./data.ts";
import { draftOf } from "./policy-draft.ts";
import { PolicyEditor } from "./policy-editor.tsx";

/** Changes a policy. What is written is not touched by what changes meanwhile. */
export default function EditPolicy() {
  const t = useTexts("replication");
  const id = Number((useParams({ strict: false }) as { id: string }).id);
  const { data, error } = useQuery({ ...onePolicy(id), refetchOnWindowFocus: false });
  if (error) return <Failure error={error} />;
  if (!data) return <Waiting />;
  return (
    <>
      <PageHead
        title={t("policy.edit", { name: data.name })}
        trail={[
          { title: t("policies.title"), to: "/replication/policies" },
          { title: data.name, to: `/replication/policies/${id}` },
        ]}
      />
      <PolicyEditor key={id} stored={data} initial={draftOf(data)} />
    </>
  );
}
