import { useQuery } from "@tanstack/react-query";
import { Form, Select } from "antd";
import { api } from "../../api.ts";
import { FormModal } from "../../parts/form-modal.tsx";
import { useTexts } from "../../texts.ts";

/** Rights of one's own, beside a role: as `resource:action`. */
export interface OwnRights {
  readonly grants: readonly string[];
  /** Taken away from what the role allows. Only in projects. */
  readonly denies?: readonly string[];
}

/** Asks which rights somebody has beside the role; `save` is given them. */
export function RightsModal({
  title,
  level,
  rights,
  save,
  close,
}: {
  readonly title: string;
  readonly level: "project" | "system";
  readonly rights: OwnRights;
  /** True if it was saved. */
  readonly save: (rights: { grants: string[]; denies: string[] }) => Promise<boolean>;
  readonly close: () => void;
}) {
  const t = useTexts("people");
  const { data } = useQuery({
    queryKey: ["permissions"],
    queryFn: async () => (await api.robots.permissions()).body,
    staleTime: Infinity,
  });
  const options = data?.[level].map(({ resource, action }) => {
    const value = `${resource}:${action}`;
    return { value, label: value };
  });
  return (
    <FormModal<{ grants: string[]; denies?: string[] }>
      title={title}
      action={t("save")}
      width={640}
      first={{ grants: [...rights.grants], denies: [...(rights.denies ?? [])] }}
      submit={({ grants, denies = [] }) => save({ grants, denies })}
      close={close}
    >
      {/* Both open upwards: downwards they lie over the dialog's buttons while one chooses. */}
      <Form.Item name="grants" label={t("rights.grants")} extra={t("rights.grantsHelp")}>
        <Select mode="multiple" placement="topLeft" options={options} />
      </Form.Item>
      {rights.denies && (
        <Form.Item name="denies" label={t("rights.denies")} extra={t("rights.deniesHelp")}>
          <Select mode="multiple" placement="topLeft" options={options} />
        </Form.Item>
      )}
    </FormModal>
  );
}
