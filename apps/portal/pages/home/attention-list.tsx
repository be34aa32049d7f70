import type { Attention } from "@entrepot/api";
import { Link } from "@tanstack/react-router";
import { Alert, Flex } from "antd";
import { When } from "../../parts/units.tsx";
import { Lines } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { Panel, Quiet } from "./panel.tsx";
import { gravityOf, remedyOf } from "./remedies.ts";

/** What needs attention, each with the way to its remedy. */
export function AttentionList({
  attention,
}: {
  readonly attention: readonly Attention[] | undefined;
}) {
  const t = useTexts("home");
  return (
    <Panel title={t("attention")} wide>
      {!attention && <Lines />}
      {attention?.length === 0 && <Alert type="success" showIcon title={t("attention.none")} />}
      <Flex vertical gap={8}>
        {attention?.map((item) => (
          <Item key={`${item.kind} ${item.id} ${item.subject}`} item={item} />
        ))}
      </Flex>
    </Panel>
  );
}

function Item({ item }: { readonly item: Attention }) {
  const t = useTexts("home");
  const { kind, subject, count, detail, since } = item;
  const { to, search } = remedyOf(item);
  return (
    <Alert
      type={gravityOf(kind)}
      showIcon
      title={
        <>
          {t(`attention.${kind}`, { name: subject, count })}{" "}
          {since && (
            <Quiet>
              <When time={since} />
            </Quiet>
          )}
        </>
      }
      description={detail || undefined}
      action={
        <Link to={to} search={(search ?? {}) as never}>
          {t(`remedy.${kind}`)}
        </Link>
      }
    />
  );
}
