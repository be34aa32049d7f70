import type { Policy } from "@entrepot/api";
import { ArrowRightOutlined } from "@ant-design/icons";
import { Typography } from "antd";
import { StatusTag } from "../../parts/status-tag.tsx";
import { useTexts } from "../../texts.ts";

/** From where to where a policy copies. */
export function Route({ policy }: { readonly policy: Policy }) {
  const t = useTexts("replication");
  const { src_registry: from, dest_registry: to } = policy;
  const nameOf = ({ id, name }: { id: number; name: string }) => (id === 0 ? t("here") : name);
  const other = from.id === 0 ? to : from;
  return (
    <span style={{ whiteSpace: "nowrap" }}>
      {nameOf(from)} <ArrowRightOutlined aria-label={t("to")} /> {nameOf(to)}
      {policy.dest_namespace && (
        <Typography.Text type="secondary"> /{policy.dest_namespace}</Typography.Text>
      )}{" "}
      {other.status === "unhealthy" && <StatusTag status="unhealthy" />}
    </span>
  );
}
