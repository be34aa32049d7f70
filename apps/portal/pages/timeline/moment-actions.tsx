import { useNavigate } from "@tanstack/react-router";
import { Button, Card, Checkbox, Flex, Form, Input, Modal, Typography } from "antd";
import { useState } from "react";
import { useDoing } from "../../parts/ask.tsx";
import { Command } from "../../parts/copy.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { momentComponent } from "../../parts/moments.ts";
import { useRestoring } from "../../parts/use-restoring.ts";
import { usePerson } from "../../session.ts";
import { useTexts } from "../../texts.ts";
import { type Scope, scopeText } from "./scope.ts";

type Open = "restore" | "beside" | "pull" | null;

/** What can be done with the moment: put back all or part, open it beside, pull from it. */
export function MomentActions({
  scope,
  at,
  seq,
}: {
  readonly scope: Scope;
  readonly at: string;
  readonly seq: number | null;
}) {
  const t = useTexts("timeline");
  const { sysadmin } = usePerson();
  const navigate = useNavigate();
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  // A time may pass between looking and doing; an entry of the journal stays what it is.
  const moment = seq === null ? at : `seq:${seq}`;
  return (
    <Flex gap={8} wrap>
      <Button type="primary" onClick={() => setOpen("restore")}>
        {t("restore.open")}
      </Button>
      {sysadmin && scope.project !== undefined && scope.repository === undefined && (
        <Button onClick={() => setOpen("beside")}>{t("beside.open")}</Button>
      )}
      <Button onClick={() => setOpen("pull")}>{t("pull.open")}</Button>
      {scope.project !== undefined && sysadmin && (
        <Button
          onClick={() =>
            void navigate({ to: "/recovery/bin", search: { project: scope.project } as never })
          }
        >
          {t("bin.open")}
        </Button>
      )}
      <RestoreForm
        key={`${scopeText(scope)} ${moment}`}
        open={open === "restore"}
        close={close}
        scope={scope}
        at={moment}
      />
      <BesideForm open={open === "beside"} close={close} scope={scope} at={moment} />
      <PullCommands open={open === "pull"} close={close} scope={scope} at={moment} />
    </Flex>
  );
}

interface Asked {
  readonly open: boolean;
  readonly close: () => void;
  readonly scope: Scope;
  readonly at: string;
}

function RestoreForm({ open, close, scope, at }: Asked) {
  const t = useTexts("timeline");
  const { run } = useDoing();
  const { prepare } = useRestoring();
  return (
    <FormModal<{ name?: string; keep_newer: boolean }>
      open={open}
      title={t("restore.title")}
      action={t("restore.plan")}
      first={{ name: scopeText(scope), keep_newer: false }}
      submit={({ name = "", keep_newer }) =>
        run(() => prepare({ name: name.trim(), at, keep_newer }))
      }
      close={close}
    >
      <Form.Item name="name" label={t("restore.what")} extra={t("restore.part")}>
        <Input />
      </Form.Item>
      <Form.Item name="keep_newer" valuePropName="checked">
        <Checkbox>{t("restore.keepNewer")}</Checkbox>
      </Form.Item>
    </FormModal>
  );
}

function BesideForm({ open, close, scope, at }: Asked) {
  const t = useTexts("timeline");
  const { run } = useDoing();
  const { prepare } = useRestoring();
  return (
    <FormModal<{ into: string }>
      open={open}
      title={t("beside.title")}
      action={t("restore.plan")}
      first={{ into: `${scope.project}-then` }}
      submit={({ into }) => run(() => prepare({ name: scopeText(scope), at, into }))}
      close={close}
    >
      <Typography.Paragraph type="secondary">{t("beside.about")}</Typography.Paragraph>
      <Form.Item
        name="into"
        label={t("beside.into")}
        rules={[{ required: true, message: t("beside.missing") }]}
      >
        <Input />
      </Form.Item>
    </FormModal>
  );
}

function PullCommands({ open, close, scope, at }: Asked) {
  const t = useTexts("timeline");
  const { project = "project", repository = "repository", tag = "tag" } = scope;
  const name = `${location.host}/as-of/${momentComponent(at)}/${project}/${repository}:${tag}`;
  return (
    <Modal open={open} onCancel={close} footer={null} title={t("pull.title")} width={720}>
      <Typography.Paragraph type="secondary">{t("pull.about")}</Typography.Paragraph>
      <Card size="small">
        <Command text={`docker pull ${name}`} />
        <Command text={`podman pull ${name}`} />
        <Command text={`skopeo inspect docker://${name}`} />
        <Command text={`oras pull ${name}`} />
      </Card>
    </Modal>
  );
}
