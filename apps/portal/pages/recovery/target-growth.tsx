import type { BackupTarget } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { api } from "../../api.ts";
import { Failure } from "../../parts/failure.tsx";
import { Waiting } from "../../parts/waiting.tsx";

const Growth = lazy(() => import("./growth.tsx"));
const DAYS = 90;

/** What a backup target held, day by day. */
export function TargetGrowth({ target: { id, newest } }: { readonly target: BackupTarget }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["backups", "growth", id, newest?.seq],
    queryFn: async () => (await api.backups.growth({ params: { id }, query: { days: DAYS } })).body,
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <Suspense fallback={<Waiting />}>
      <Growth samples={data} />
    </Suspense>
  );
}
