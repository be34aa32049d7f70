import { Alert, Button } from "antd";
import { useTexts } from "../texts.ts";

/** What is known of a failed call. */
interface Failed {
  readonly message?: string;
  readonly requestId?: string | null;
}

/** An error as the server tells it, with what the log calls it, and another try where one helps. */
export function Failure({
  error,
  again,
}: {
  readonly error: unknown;
  readonly again?: () => void;
}) {
  const t = useTexts("parts");
  const { message = String(error), requestId } = (error ?? {}) as Failed;
  return (
    <Alert
      type="error"
      showIcon
      title={message}
      description={requestId ? t("failure.request", { id: requestId }) : undefined}
      action={again && <Button onClick={again}>{t("failure.again")}</Button>}
    />
  );
}
