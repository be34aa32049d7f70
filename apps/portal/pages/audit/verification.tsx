import type { AuditVerification } from "@entrepot/api";
import { SafetyCertificateOutlined } from "@ant-design/icons";
import { Alert, Button } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { useTexts } from "../../texts.ts";

/** Whether the log is as it was written: every record's hash holds the one before. */
export function Verification() {
  const t = useTexts("audit");
  const { run } = useDoing();
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<AuditVerification | null>(null);

  async function verify(): Promise<void> {
    setBusy(true);
    await run(async () => setFound((await api.audit.verify({ body: {} })).body));
    setBusy(false);
  }
  const action = (
    <Button icon={<SafetyCertificateOutlined />} loading={busy} onClick={() => void verify()}>
      {t("verify")}
    </Button>
  );
  const style = { marginBottom: 16 };
  if (!found) return <Alert style={style} type="info" title={t("chain")} action={action} />;
  const { from, to, hash, broken } = found;
  return broken ? (
    <Alert
      style={style}
      type="error"
      showIcon
      title={t("broken", { id: broken.id })}
      description={<ServerWords>{broken.why}</ServerWords>}
      action={action}
    />
  ) : (
    <Alert
      style={style}
      type="success"
      showIcon
      title={t("holds", { from, to })}
      description={<span className="code">{t("head", { hash })}</span>}
      action={action}
    />
  );
}
