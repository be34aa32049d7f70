import { useQuery } from "@tanstack/react-query";
import { Flex } from "antd";
import { lazy, Suspense } from "react";
import { api } from "../../api.ts";
import { Failure } from "../../parts/failure.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { numberText } from "../../parts/units.tsx";
import { usePerson } from "../../session.ts";
import { Lines } from "../../parts/waiting.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import { Yours } from "./yours.tsx";

/** By themselves: not everybody needs them, and the first load is to be small. */
const Standing = lazy(() => import("./standing.tsx"));
const FirstSteps = lazy(() => import("./first-steps.tsx"));

/** How everything stands, and what needs attention; or one's projects, and what was pushed. */
export default function Home() {
  const t = useTexts("home");
  const language = useLanguage();
  const { sysadmin } = usePerson();
  const { data, error, refetch } = useQuery({
    queryKey: ["projects", "statistics"],
    queryFn: async () => (await api.system.statistics()).body,
  });
  const about = data
    ? t("counts", {
        projects: numberText(data.total_project_count, language),
        repositories: numberText(data.total_repo_count, language),
      })
    : undefined;
  return (
    <>
      <PageHead title={t("title")} about={about} />
      <Flex vertical gap={16}>
        {error && <Failure error={error} again={() => void refetch()} />}
        {data?.total_repo_count === 0 && (
          <Suspense>
            <FirstSteps />
          </Suspense>
        )}
        {sysadmin && (
          <Suspense fallback={<Lines />}>
            <Standing bytes={data?.total_storage_consumption} />
          </Suspense>
        )}
        <Yours />
      </Flex>
    </>
  );
}
