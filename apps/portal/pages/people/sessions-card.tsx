import type { Session } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Card, Tag } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { When } from "../../parts/units.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";

/** Where one is signed in. */
export function SessionsCard() {
  const t = useTexts("people");
  const { id } = usePerson();
  const { ask } = useDoing();
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: ["sessions"] });

  const end = (session: Session) =>
    ask(
      { title: t("sessions.endAsk"), about: session.user_agent, action: t("sessions.end") },
      () => api.sessions.revoke({ params: { session_id: session.id } }).then(refresh),
      t("sessions.ended"),
    );
  const endOthers = () =>
    ask(
      { title: t("sessions.endOthersAsk"), action: t("sessions.endOthers") },
      () => api.sessions.revokeOthers().then(refresh),
      t("sessions.ended"),
    );
  const columns: Columns<Session> = [
    {
      title: t("sessions.where"),
      key: "user_agent",
      render: (_, item) => (
        <>
          {browserOf(item.user_agent)}{" "}
          {item.current && <Tag color="blue">{t("sessions.this")}</Tag>}
        </>
      ),
    },
    { title: t("sessions.address"), dataIndex: "address" },
    { title: t("sessions.since"), render: (_, item) => <When time={item.creation_time} /> },
    { title: t("sessions.seen"), render: (_, item) => <When time={item.last_seen_time} /> },
    {
      key: "actions",
      align: "right",
      render: (_, item) =>
        !item.current && (
          <Button size="small" onClick={() => end(item)}>
            {t("sessions.end")}
          </Button>
        ),
    },
  ];

  return (
    <Card
      title={t("sessions.title")}
      extra={<Button onClick={endOthers}>{t("sessions.endOthers")}</Button>}
    >
      <ApiTable<Session>
        label={t("sessions.title")}
        name="sessions"
        queryKey={["sessions", id]}
        load={(asked) => api.sessions.list({ query: { ...asked, user_id: id } })}
        columns={columns}
        rowKey={(item) => item.id}
      />
    </Card>
  );
}

/** The browser's and the system's name, out of what a browser says of itself. */
function browserOf(agent: string): string {
  const browser = /(Edg|Firefox|Chrome|Safari|curl)\/[\d.]+/.exec(agent)?.[0];
  const system = /Windows|Android|iPhone|iPad|Mac OS X|Linux/.exec(agent)?.[0];
  return [browser?.replace("/", " "), system].filter(Boolean).join(", ") || agent;
}
