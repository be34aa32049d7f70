import type { RegistryEndpoint } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Typography } from "antd";
import { useTexts } from "../../texts.ts";
import { allLag } from "./data.ts";

/** Which policies use an endpoint: it cannot be deleted before them. */
export function EndpointUsers({ endpoint }: { readonly endpoint: RegistryEndpoint }) {
  const t = useTexts("replication");
  const { data = [] } = useQuery(allLag);
  const users = data.filter(({ endpoint_id: id }) => id === endpoint.id);
  if (users.length === 0) return <>{t("endpoint.unused")}</>;
  return (
    <>
      <Typography.Paragraph>{t("endpoint.used", { count: users.length })}</Typography.Paragraph>
      <ul style={{ maxHeight: 240, overflow: "auto", margin: 0 }}>
        {users.map(({ policy_id: id, policy_name: name }) => (
          <li key={id}>
            <a href={`/replication/policies/${id}`}>{name}</a>
          </li>
        ))}
      </ul>
    </>
  );
}
