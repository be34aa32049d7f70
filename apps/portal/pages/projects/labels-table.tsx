import type { Label } from "@entrepot/api";
import { DeleteOutlined, EditOutlined, PlusOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { LabelTag } from "../../parts/label-tag.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { LabelForm, placeOf } from "./label-form.tsx";

type May = (resource: "label", action: "create" | "update" | "delete") => boolean;

/** The labels of the project of this id, or of the whole registry (null). */
export function LabelsTable({
  projectId,
  may,
}: {
  readonly projectId: number | null;
  readonly may: May;
}) {
  const t = useTexts("projects");
  const [edited, setEdited] = useState<Label | "new" | null>(null);
  const create = may("label", "create") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>
      {t("labels.new")}
    </Button>
  );
  const columns = useColumns(may, setEdited);
  return (
    <>
      <ApiTable<Label>
        label={t("tab.labels")}
        queryKey={["labels", "project", projectId ?? 0]}
        load={({ q, ...asked }) => {
          const name = q?.replace(/^name=~/, "");
          const query = placeOf(projectId);
          return api.labels.list({ query: { ...query, ...asked, ...(name && { name }) } });
        }}
        columns={columns}
        rowKey={({ id }) => id}
        searchField="name"
        tools={create}
        empty={
          <NothingYet title={t("labels.none")} action={create}>
            {t("labels.none.about")}
          </NothingYet>
        }
      />
      {edited && (
        <LabelForm
          projectId={projectId}
          label={edited === "new" ? null : edited}
          close={() => setEdited(null)}
        />
      )}
    </>
  );
}

function useColumns(may: May, edit: (label: Label) => void): Columns<Label> {
  const t = useTexts("projects");
  const queries = useQueryClient();
  const { ask } = useDoing();
  const remove = (label: Label) =>
    ask(
      {
        title: t("labels.delete.ask", { name: label.name }),
        about: t("labels.delete.about"),
        action: t("labels.delete"),
        danger: true,
      },
      async () => {
        await api.labels.delete({ params: { label_id: label.id } });
        await queries.invalidateQueries({ queryKey: ["labels"] });
        await queries.invalidateQueries({ queryKey: ["artifacts"] });
      },
      t("labels.deleted", { name: label.name }),
    );
  return [
    { key: "name", title: t("name"), sorter: true, render: (_, label) => <LabelTag of={label} /> },
    { title: t("description"), render: (_, { description }) => description || "–" },
    { title: t("created"), render: (_, { creation_time: time }) => <When time={time} /> },
    {
      key: "do",
      align: "right",
      render: (_, label) => (
        <>
          {may("label", "update") && (
            <Button
              type="text"
              icon={<EditOutlined />}
              aria-label={t("labels.edit", { name: label.name })}
              onClick={() => edit(label)}
            />
          )}
          {may("label", "delete") && (
            <Button
              type="text"
              danger
              icon={<DeleteOutlined />}
              aria-label={t("labels.deleteOne", { name: label.name })}
              onClick={() => remove(label)}
            />
          )}
        </>
      ),
    },
  ];
}
