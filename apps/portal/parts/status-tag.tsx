import { Tag } from "antd";
import { useTexts } from "../texts.ts";

const COLOURS: Readonly<Record<string, string>> = {
  Success: "success",
  Succeed: "success",
  Running: "processing",
  InProgress: "processing",
  Pending: "default",
  Scheduled: "default",
  Stopped: "warning",
  Error: "error",
  Failed: "error",
  healthy: "success",
  unhealthy: "error",
};

/** The state of an execution, a task, a job or an endpoint, in words and colour. */
export function StatusTag({ status }: { readonly status: string }) {
  const t = useTexts("parts");
  return <Tag color={COLOURS[status] ?? "default"}>{t(`status.${status}`)}</Tag>;
}
