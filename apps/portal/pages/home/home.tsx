import { PageHead } from "../../parts/page-head.tsx";
import { useTexts } from "../../texts.ts";

/** How everything stands, and what needs attention. */
export default function Home() {
  const t = useTexts("home");
  return <PageHead title={t("title")} />;
}
