import type { LdapUser } from "@entrepot/api";
import { Alert, Button, Divider, Flex, Input, List } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { useTexts } from "../../texts.ts";

interface Outcome {
  readonly well: boolean;
  readonly said: string;
}

/** Tries the stored directory: whether it answers, and whom it has by a name. */
export function LdapTest() {
  const t = useTexts("settings");
  const { run } = useDoing();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [found, setFound] = useState<readonly LdapUser[] | null>(null);

  const ping = () =>
    run(async () => {
      const { success, message } = (await api.ldap.ping({ body: {} })).body;
      setOutcome({ well: success, said: message || t("try.well") });
    });
  const find = (username: string) =>
    run(async () => setFound((await api.ldap.users({ query: { username } })).body));
  const take = (username: string) =>
    run(() => api.ldap.import({ body: { ldap_uid_list: [username] } }), t("try.taken"));

  return (
    <>
      <Divider />
      <Flex gap={8} wrap>
        <Button onClick={() => void ping()}>{t("try.ping")}</Button>
        <Input.Search
          style={{ maxWidth: 320 }}
          placeholder={t("try.find")}
          aria-label={t("try.find")}
          onSearch={(name) => void find(name)}
        />
      </Flex>
      <Told outcome={outcome} />
      {found && (
        <List
          size="small"
          dataSource={[...found]}
          renderItem={({ username, realname, email }) => (
            <List.Item
              actions={[
                <Button key="take" size="small" onClick={() => void take(username)}>
                  {t("try.take")}
                </Button>,
              ]}
            >
              {username} · {realname} · {email}
            </List.Item>
          )}
        />
      )}
    </>
  );
}

/** Tries the provider at `url`. */
export function OidcTest({ url }: { readonly url: string }) {
  const t = useTexts("settings");
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const ping = () =>
    api.oidc.ping({ body: { url } }).then(
      () => setOutcome({ well: true, said: t("try.well") }),
      (error: unknown) => setOutcome({ well: false, said: (error as Error).message }),
    );
  return (
    <>
      <Divider />
      <p>{t("try.callback", { address: `${location.origin}/c/oidc/callback` })}</p>
      <Button disabled={url === ""} onClick={() => void ping()}>
        {t("try.ping")}
      </Button>
      <Told outcome={outcome} />
    </>
  );
}

function Told({ outcome }: { readonly outcome: Outcome | null }) {
  if (!outcome) return null;
  return (
    <Alert
      style={{ marginTop: 12 }}
      showIcon
      type={outcome.well ? "success" : "error"}
      title={<ServerWords>{outcome.said}</ServerWords>}
    />
  );
}
