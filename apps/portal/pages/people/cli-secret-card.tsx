import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Flex, Input } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Command, CopyButton } from "../../parts/copy.tsx";
import { Failure } from "../../parts/failure.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";

/**
 * The secret with which an account of OpenID Connect signs in where there is no browser: its
 * password is the provider's alone. Covered until it is asked for.
 */
export function CliSecretCard() {
  const t = useTexts("people");
  const { id, name } = usePerson();
  const { ask } = useDoing();
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: ["users", "cli-secret"],
    queryFn: async () => (await api.users.current()).body.oidc_user_meta?.secret ?? "",
  });
  const renew = async () => {
    await api.oidc.cliSecret({ params: { user_id: id }, body: {} });
    await queries.invalidateQueries({ queryKey: ["users", "cli-secret"] });
  };
  const askToRenew = () =>
    ask(
      {
        title: t("cli.renewAsk"),
        about: t("robots.rotateAbout"),
        action: t("robots.rotate"),
        danger: true,
      },
      renew,
      t("cli.renewed"),
    );
  if (error) return <Failure error={error} again={() => void refetch()} />;
  return (
    <Card
      title={t("cli.title")}
      loading={data === undefined}
      extra={<Button onClick={askToRenew}>{t("robots.rotate")}</Button>}
    >
      <p style={{ marginTop: 0 }}>{t("cli.about")}</p>
      <Flex gap={4} align="center" style={{ marginBottom: 12 }}>
        <Input.Password readOnly value={data} aria-label={t("cli.title")} className="code" />
        <CopyButton text={data ?? ""} />
      </Flex>
      <Command text={`docker login ${location.host} -u '${name}'`} />
    </Card>
  );
}
