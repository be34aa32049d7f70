import type { Robot } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Flex, Form, Input, InputNumber, Select } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { useTexts } from "../../texts.ts";
import { givenBy, permissionsOf, PRESETS } from "./robot-rights.ts";
import type { ShownSecret } from "./secret-once.tsx";
import type { RobotsPlace } from "./robots-table.tsx";

interface Fields {
  readonly name: string;
  readonly description: string;
  readonly days: number | null;
  readonly namespaces: string[];
  readonly rights: string[];
}

/** Makes a robot, whose secret `made` is given, or changes `robot`. */
export function RobotForm({
  robot,
  project,
  made,
  close,
}: {
  readonly robot: Robot | null;
  readonly project?: RobotsPlace;
  readonly made: (secret: ShownSecret) => void;
  readonly close: () => void;
}) {
  const t = useTexts("people");
  const { run } = useDoing();
  const [form] = Form.useForm<Fields>();
  const known = robot && givenBy(robot.permissions);
  const odd = robot !== null && known === null;
  const first: Fields = {
    name: robot?.name ?? "",
    description: robot?.description ?? "",
    days: robot ? (robot.duration < 0 ? null : robot.duration) : 90,
    namespaces: [...(known?.namespaces ?? [project?.name ?? "*"])],
    rights: [...(known?.rights ?? PRESETS.pull)],
  };

  function save({ name, description, days, namespaces, rights }: Fields): Promise<boolean> {
    const given = { namespaces: project ? [project.name] : namespaces, rights };
    const permissions = odd ? robot.permissions : permissionsOf(given);
    const common = { description, permissions, duration: days ?? -1 };
    return run(async () => {
      if (robot) {
        const body = { ...common, disable: robot.disable };
        await api.robots.update({ params: { robot_id: robot.id }, body });
      } else {
        const level = project ? ("project" as const) : ("system" as const);
        made((await api.robots.create({ body: { ...common, name, level } })).body);
      }
    });
  }

  return (
    <FormModal<Fields>
      title={robot ? t("robots.editOf", { name: robot.name }) : t("robots.make")}
      action={robot ? t("save") : t("robots.make")}
      width={640}
      form={form}
      first={first}
      submit={save}
      close={close}
    >
      {robot === null && (
        <Form.Item
          name="name"
          label={t("field.name")}
          extra={t("robots.nameHelp")}
          rules={[{ required: true, message: t("field.nameMissing") }]}
        >
          <Input maxLength={255} autoFocus />
        </Form.Item>
      )}
      <Form.Item name="description" label={t("field.description")}>
        <Input maxLength={1024} />
      </Form.Item>
      <Form.Item name="days" label={t("tokens.days")} extra={t("tokens.daysHelp")}>
        <InputNumber min={1} max={3650} style={{ width: "100%" }} />
      </Form.Item>
      {odd ? (
        <Alert type="info" showIcon title={t("robots.odd")} />
      ) : (
        <RightsFields
          project={project !== undefined}
          choose={(rights) => form.setFieldValue("rights", rights)}
        />
      )}
    </FormModal>
  );
}

/** Where, and what: out of all that there is. */
function RightsFields({
  project,
  choose,
}: {
  readonly project: boolean;
  readonly choose: (rights: string[]) => void;
}) {
  const t = useTexts("people");
  const { data } = useQuery({
    queryKey: ["permissions"],
    queryFn: async () => (await api.robots.permissions()).body,
    staleTime: Infinity,
  });
  const rights = data?.project ?? [];
  const { data: projects = [] } = useQuery({
    queryKey: ["projects", "names"],
    enabled: !project,
    queryFn: async () => (await api.projects.list({ query: { page_size: 100 } })).body,
  });
  const names = ["*", ...projects.map(({ name }) => name)];
  return (
    <>
      {!project && (
        <Form.Item name="namespaces" label={t("robots.projects")} rules={[{ required: true }]}>
          <Select
            mode="tags"
            options={names.map((value) => ({
              value,
              label: value === "*" ? t("robots.all") : value,
            }))}
          />
        </Form.Item>
      )}
      <Form.Item
        name="rights"
        label={
          <Flex gap={8} align="center" wrap>
            {t("robots.rights")}
            <Button size="small" onClick={() => choose([...PRESETS.pull])}>
              {t("robots.pull")}
            </Button>
            <Button size="small" onClick={() => choose([...PRESETS.push])}>
              {t("robots.push")}
            </Button>
          </Flex>
        }
        rules={[{ required: true, message: t("robots.rightsMissing") }]}
      >
        <Select
          mode="multiple"
          options={rights.map(({ resource, action }) => ({
            value: `${resource}:${action}`,
            label: `${resource}:${action}`,
          }))}
        />
      </Form.Item>
    </>
  );
}
