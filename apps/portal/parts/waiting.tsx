import { Skeleton } from "antd";

/** What is shown while a page is fetched. */
export function Waiting() {
  return (
    <div className="page" aria-busy="true">
      <Skeleton active paragraph={{ rows: 6 }} />
    </div>
  );
}
