import { Alert, Modal } from "antd";
import { Command } from "../../parts/copy.tsx";
import { useTexts } from "../../texts.ts";

/** A secret, told this once, of what is named `name`. */
export interface ShownSecret {
  readonly name: string;
  readonly secret: string;
}

/**
 * Shows a secret until it is closed, and how it is used: by `username`, which is the shown name if
 * not told.
 */
export function SecretOnce({
  shown,
  use,
  username = shown?.name ?? "",
  onClose,
}: {
  readonly shown: ShownSecret | null;
  /** What it is for, in words. */
  readonly use: string;
  readonly username?: string;
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
      <p>{use}</p>
      <Command text={`docker login ${location.host} -u '${username}'`} />
    </Modal>
  );
}
