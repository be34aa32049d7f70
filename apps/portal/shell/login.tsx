import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Button, Card, Divider, Flex, Form, Input, Typography } from "antd";
import { useEffect, useState } from "react";
import { localPath } from "../local-path.ts";
import { session, useSigning } from "../session.ts";
import { systemInfo } from "../system-info.ts";
import { useTexts } from "../texts.ts";
import { LoginFailure, PasswordFailure } from "./login-failure.tsx";
import { Logo } from "./logo.tsx";
import { Preferences } from "./preferences.tsx";

interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Signing in, by password or at the organisation's identity provider. */
export default function Login() {
  const t = useTexts("shell");
  const search: { to?: string; failure?: string } = useSearch({ strict: false });
  const to = localPath(search.to);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { signIn } = useSigning();
  const { data: info } = useQuery(systemInfo);
  const [state, setState] = useState<{ busy: boolean; failure?: unknown }>({ busy: false });
  useEffect(() => {
    document.title = `${t("login.title")} · Entrepot`;
    // Whoever is signed in already goes on.
    void queries.fetchQuery(session).then(
      (person) => person && navigate({ to, replace: true }),
      () => undefined,
    );
  }, [navigate, queries, t, to]);

  async function submit({ username, password }: Credentials): Promise<void> {
    setState({ busy: true });
    try {
      await signIn(username, password);
      await navigate({ to, replace: true });
    } catch (error) {
      setState({ busy: false, failure: error });
    }
  }

  const oidc = info?.auth_mode === "oidc_auth";
  return (
    <Flex vertical align="center" justify="center" style={{ minHeight: "100vh", padding: 16 }}>
      <main style={{ width: "100%", maxWidth: 380 }}>
        <Card>
          <Flex vertical align="center" gap={4} style={{ marginBottom: 20 }}>
            <Logo />
            <Typography.Title level={1} style={{ fontSize: 16, fontWeight: 400, margin: 0 }}>
              {t("login.title")}
            </Typography.Title>
          </Flex>
          {state.failure === undefined && <LoginFailure failure={search.failure} />}
          {oidc && (
            <>
              <Button
                type="primary"
                block
                size="large"
                href={`/c/oidc/login?redirect_url=${encodeURIComponent(to)}`}
              >
                {t("login.oidc")}
              </Button>
              <Divider plain>{t("login.or")}</Divider>
            </>
          )}
          <Form<Credentials> layout="vertical" onFinish={submit} requiredMark={false}>
            <Form.Item
              name="username"
              label={t("login.username")}
              rules={[{ required: true, message: t("login.usernameMissing") }]}
            >
              <Input autoComplete="username" autoFocus={!oidc} size="large" />
            </Form.Item>
            <Form.Item
              name="password"
              label={t("login.password")}
              rules={[{ required: true, message: t("login.passwordMissing") }]}
            >
              <Input.Password autoComplete="current-password" size="large" />
            </Form.Item>
            {state.failure !== undefined && <PasswordFailure error={state.failure} />}
            <Button
              type={oidc ? "default" : "primary"}
              htmlType="submit"
              block
              size="large"
              loading={state.busy}
            >
              {t("login.action")}
            </Button>
          </Form>
        </Card>
        <Flex justify="center" style={{ marginTop: 16 }}>
          <Preferences />
        </Flex>
      </main>
    </Flex>
  );
}
