import { Alert, Modal } from "antd";
import { Command } from "../../parts/copy.tsx";
import { useTexts } from "../../texts.ts";

/** A robot's secret, told this once. */
export interface ShownSecret {
  readonly name: string;
  readonly secret: string;
}

/** Shows a robot's secret until it is closed, and how it is used. */
export function RobotSecret({
  shown,
  onClose,
}: {
  readonly shown: ShownSecret | null;
  readonly onClose: () => void;
}) {
  const t = useTexts("people");
  return (
    <Modal
      open={shown !== null}
      destroyOnHidden
      title={shown?.name}
      okText={t("close")}
      onOk={onClose}
      onCancel={onClose}
      mask={{ closable: false }}
      cancelButtonProps={{ style: { display: "none" } }}
    >
      <Alert type="warning" showIcon title={t("secret.once")} style={{ marginBottom: 12 }} />
      <Command text={shown?.secret ?? ""} />
      <p>{t("robots.use")}</p>
      <Command text={`docker login ${location.host} -u '${shown?.name ?? ""}'`} />
    </Modal>
  );
}
