import type { RegistryEndpoint } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Drawer, Flex, Form, Grid } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { Failure } from "../../parts/failure.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import * as draft from "./endpoint-draft.ts";
import { EndpointFields } from "./endpoint-fields.tsx";

/** Adds an endpoint (`asked` is `new`) or changes one (its id). Closed if nothing is asked. */
export function EndpointDrawer({
  asked,
  close,
}: {
  readonly asked: string | undefined;
  readonly close: () => void;
}) {
  const t = useTexts("replication");
  const wide = Grid.useBreakpoint().md ?? true;
  const id = asked === undefined || asked === "new" ? null : Number(asked);
  const { data, error } = useQuery({
    queryKey: ["endpoints", id],
    queryFn: async () => (await api.registries.get({ params: { id: id! } })).body,
    enabled: id !== null,
    staleTime: 0,
  });
  const stored = id === null ? null : data?.id === id ? data : undefined;
  return (
    <Drawer
      open={asked !== undefined}
      onClose={close}
      size={wide ? 640 : "100%"}
      destroyOnHidden
      title={id === null ? t("endpoint.add") : t("endpoint.edit", { name: data?.name ?? "" })}
    >
      {error && <Failure error={error} />}
      {stored === undefined && !error && <Waiting />}
      {stored !== undefined && <EndpointForm stored={stored} close={close} />}
    </Drawer>
  );
}

type Tried = { readonly ok: true } | { readonly ok: false; readonly why: string } | null;

function EndpointForm({
  stored,
  close,
}: {
  readonly stored: RegistryEndpoint | null;
  readonly close: () => void;
}) {
  const t = useTexts("replication");
  const queries = useQueryClient();
  const { run } = useDoing();
  const [form] = Form.useForm<draft.EndpointDraft>();
  const [busy, setBusy] = useState<"try" | "save" | null>(null);
  const [tried, setTried] = useState<Tried>(null);

  /** Runs `act` on what is written, and shows a refusal at its field or under the form. */
  const attempt = async (
    what: "try" | "save",
    act: (given: draft.EndpointDraft) => Promise<void>,
  ) => {
    // A name is no part of what is tried.
    const tries = ["url", "accessSecret", "proxyPassword"];
    const checked = what === "save" ? form.validateFields() : form.validateFields(tries);
    if (
      !(await checked.then(
        () => true,
        () => false,
      ))
    )
      return;
    const given = { ...draft.NEW_ENDPOINT, ...form.getFieldsValue(true) };
    setBusy(what);
    setTried(null);
    try {
      await act(given);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const field = draft.endpointFieldOf(why);
      if (field) form.setFields([{ name: field, errors: [why] }]);
      else setTried({ ok: false, why });
    }
    setBusy(null);
  };
  const test = () =>
    attempt("try", async (given) => {
      await api.registries.ping({ body: draft.pingOf(given, stored?.id ?? null) });
      setTried({ ok: true });
    });
  const save = () =>
    attempt("save", async (given) => {
      const saved = () =>
        stored === null
          ? api.registries.create({ body: draft.newRegistry(given) })
          : api.registries.update({ params: { id: stored.id }, body: draft.changeOf(given) });
      await saved();
      await run(() => queries.invalidateQueries({ queryKey: ["endpoints"] }), t("saved"));
      close();
    });

  return (
    <Form<draft.EndpointDraft>
      form={form}
      layout="vertical"
      initialValues={stored ? draft.draftOf(stored) : draft.NEW_ENDPOINT}
      onFinish={() => void save()}
      onValuesChange={() => setTried(null)}
      scrollToFirstError
    >
      <EndpointFields stored={stored} />
      <div aria-live="polite">
        {tried?.ok === true && <Alert type="success" showIcon title={t("endpoint.works")} />}
        {tried?.ok === false && (
          <Alert type="error" showIcon title={<ServerWords>{tried.why}</ServerWords>} />
        )}
      </div>
      <Flex gap={8} wrap style={{ marginTop: 16 }}>
        <Button type="primary" htmlType="submit" loading={busy === "save"}>
          {t("save")}
        </Button>
        <Button onClick={() => void test()} loading={busy === "try"}>
          {t("endpoint.test")}
        </Button>
        <Button type="text" onClick={close}>
          {t("cancel")}
        </Button>
      </Flex>
    </Form>
  );
}
