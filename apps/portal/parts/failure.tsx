import { Alert, Button } from "antd";
import { useTexts } from "../texts.ts";
import { useErrorText } from "./error-text.tsx";

/** An error as the server tells it, with what the log calls it, and another try where one helps. */
export function Failure({
  error,
  again,
}: {
  readonly error: unknown;
  readonly again?: () => void;
}) {
  const t = useTexts("parts");
  const { title, about } = useErrorText()(error);
  return (
    <Alert
      type="error"
      showIcon
      title={title}
      description={about}
      action={again && <Button onClick={again}>{t("failure.again")}</Button>}
    />
  );
}
