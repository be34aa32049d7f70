import type { Task } from "@entrepot/api";
import { Alert, Flex, Typography } from "antd";
import { ServerWords } from "../../parts/server-words.tsx";
import { useTexts } from "../../texts.ts";

/** Why an attempt failed, told apart by what is to be done, with the HTTP exchange behind it. */
export type CopyFailure = NonNullable<Task["failure"]>;

/** A failure: its kind, what to do about it, and what was asked and answered. */
export function FailureView({ failure }: { readonly failure: CopyFailure }) {
  const t = useTexts("replication");
  const { kind, message, exchange } = failure;
  return (
    <Alert
      type="error"
      showIcon
      title={t(`failure.${kind}`)}
      description={
        <Flex vertical gap={8}>
          <span style={{ overflowWrap: "anywhere" }}>
            <ServerWords>{message}</ServerWords>
          </span>
          <span>
            <strong>{t("failure.remedy")}</strong> {t(`failure.todo.${kind}`)}
          </span>
          {exchange && <Exchange exchange={exchange} />}
        </Flex>
      }
    />
  );
}

function Exchange({ exchange }: { readonly exchange: NonNullable<CopyFailure["exchange"]> }) {
  const t = useTexts("replication");
  const { method, url, status, body } = exchange;
  return (
    <div>
      <Typography.Text type="secondary">{t("failure.exchange")}</Typography.Text>
      <pre
        tabIndex={0}
        className="code"
        style={{
          margin: 0,
          maxHeight: 220,
          overflow: "auto",
          whiteSpace: "pre-wrap",
          overflowWrap: "anywhere",
        }}
      >
        {`${method} ${url}\n→ ${status === 0 ? t("failure.silence") : status}\n${body}`.trim()}
      </pre>
    </div>
  );
}
