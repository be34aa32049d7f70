import { PageHead } from "../../parts/page-head.tsx";
import { useTexts } from "../../texts.ts";
import { RobotsTable } from "./robots-table.tsx";

/** Robots of the whole registry. Those of a project are in its own tab. */
export default function Robots() {
  const t = useTexts("people");
  return (
    <>
      <PageHead title={t("robots.title")} about={t("robots.about")} />
      <RobotsTable />
    </>
  );
}
