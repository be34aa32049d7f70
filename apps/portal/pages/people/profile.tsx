import { Col, Row } from "antd";
import { PageHead } from "../../parts/page-head.tsx";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import { CliSecretCard } from "./cli-secret-card.tsx";
import { PasswordCard } from "./password-card.tsx";
import { ProfileCard } from "./profile-card.tsx";
import { SessionsCard } from "./sessions-card.tsx";
import { TokensCard } from "./tokens-card.tsx";

/** Oneself: name, password, tokens for clients, where one is signed in. */
export default function Profile() {
  const t = useTexts("people");
  const { name, source } = usePerson();
  return (
    <>
      <PageHead title={t("profile.title", { name })} about={t("profile.about")} />
      <Row gutter={[16, 16]}>
        <Col xs={24} lg={12}>
          <ProfileCard />
        </Col>
        {source === "local" && (
          <Col xs={24} lg={12}>
            <PasswordCard />
          </Col>
        )}
        {source === "oidc" && (
          <Col xs={24} lg={12}>
            <CliSecretCard />
          </Col>
        )}
        <Col xs={24}>
          <TokensCard />
        </Col>
        <Col xs={24}>
          <SessionsCard />
        </Col>
      </Row>
    </>
  );
}
