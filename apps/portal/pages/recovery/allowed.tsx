import { type QueryKey, useQuery, type UseQueryOptions } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure } from "../../parts/failure.tsx";
import { PageHead } from "../../parts/page-head.tsx";

/** A page for whoever may ask `probe`: everybody else gets the server's refusal in its place. */
export function Allowed<T, K extends QueryKey>({
  probe,
  title,
  children,
}: {
  readonly probe: UseQueryOptions<T, Error, T, K>;
  readonly title: string;
  readonly children: ReactNode;
}) {
  const { error, refetch } = useQuery(probe);
  if (!error) return children;
  return (
    <>
      <PageHead title={title} />
      <Failure error={error} again={() => void refetch()} />
    </>
  );
}
