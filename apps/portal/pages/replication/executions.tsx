import { PageHead } from "../../parts/page-head.tsx";
import { useTexts } from "../../texts.ts";
import { ExecutionsTable } from "./executions-table.tsx";

/** Runs of all policies. */
export default function Executions() {
  const t = useTexts("replication");
  return (
    <>
      <PageHead title={t("executions.title")} about={t("executions.about")} />
      <ExecutionsTable />
    </>
  );
}
