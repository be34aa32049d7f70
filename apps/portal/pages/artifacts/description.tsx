import { EditOutlined } from "@ant-design/icons";
import type { Repository } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Flex, Input, Typography } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { partsOf } from "../../addresses.ts";
import { useDoing } from "../../parts/ask.tsx";
import { useTexts } from "../../texts.ts";

/** What a repository is for, in its owners' words; edited in place. */
export function Description({
  repository,
  editable,
}: {
  readonly repository: Repository;
  readonly editable: boolean;
}) {
  const t = useTexts("artifacts");
  const [text, setText] = useState<string | null>(null);
  const queries = useQueryClient();
  const { run } = useDoing();
  const { project, rest } = partsOf(repository.name);

  async function save(): Promise<void> {
    const params = { project_name: project, repository_name: rest };
    const body = { description: text ?? "" };
    if (await run(() => api.repositories.update({ params, body }), t("description.saved"))) {
      await queries.invalidateQueries({ queryKey: ["repositories"] });
      setText(null);
    }
  }

  if (text !== null) {
    return (
      <Flex vertical gap={8} style={{ marginBottom: 16, maxWidth: 800 }}>
        <Input.TextArea
          autoFocus
          autoSize={{ minRows: 3, maxRows: 16 }}
          aria-label={t("description")}
          maxLength={65_536}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Flex gap={8}>
          <Button type="primary" onClick={() => void save()}>
            {t("description.save")}
          </Button>
          <Button onClick={() => setText(null)}>{t("description.cancel")}</Button>
        </Flex>
      </Flex>
    );
  }
  if (!editable && repository.description === "") return null;
  return (
    <Flex align="start" gap={4} style={{ marginBottom: 16 }}>
      <Typography.Text
        type={repository.description ? undefined : "secondary"}
        style={{ whiteSpace: "pre-wrap", paddingTop: 4 }}
      >
        {repository.description || t("description.none")}
      </Typography.Text>
      {editable && (
        <Button
          type="text"
          icon={<EditOutlined />}
          aria-label={t("description.edit")}
          onClick={() => setText(repository.description)}
        />
      )}
    </Flex>
  );
}
