import { Alert } from "antd";
import { useTexts } from "../texts.ts";

/** What the server says of a login at the provider that failed. */
const KNOWN = ["again", "claim", "name", "name-taken", "no-account", "off", "refused"];

/** Why a login at the organisation's provider failed: one of our own texts, whatever is asked. */
export function LoginFailure({ failure }: { readonly failure: string | undefined }) {
  const t = useTexts("shell");
  if (failure === undefined) return null;
  const known = KNOWN.find((one) => one === failure) ?? "unavailable";
  return (
    <Alert type="error" showIcon title={t(`login.failure.${known}`)} style={{ marginBottom: 16 }} />
  );
}
