import { Alert } from "antd";
import type { ApiError } from "@entrepot/api/client";
import { ServerWords } from "../parts/server-words.tsx";
import { durationText } from "../parts/units.tsx";
import { useLanguage, useTexts } from "../texts.ts";

/** Not a failure: somebody was signed in, and is no more. */
const ENDED = "ended";
/** What the server says of a login at the provider that failed. */
const KNOWN = [ENDED, "again", "claim", "name", "name-taken", "no-account", "off", "refused"];

/** Why a login at the organisation's provider failed: one of our own texts, whatever is asked. */
export function LoginFailure({ failure }: { readonly failure: string | undefined }) {
  const t = useTexts("shell");
  if (failure === undefined) return null;
  const known = KNOWN.find((one) => one === failure) ?? "unavailable";
  return (
    <Alert
      type={known === ENDED ? "info" : "error"}
      showIcon
      title={t(`login.failure.${known}`)}
      style={{ marginBottom: 16 }}
    />
  );
}

/** Why a name and a password let nobody in. */
export function PasswordFailure({ error }: { readonly error: unknown }) {
  const t = useTexts("shell");
  const language = useLanguage();
  const { code, message, retryAfterSeconds } = error as Partial<ApiError>;
  const texts: Readonly<Record<string, string>> = {
    UNAUTHORIZED: t("login.error.wrong"),
    TOOMANYREQUESTS: t("login.error.wait", {
      time: durationText((retryAfterSeconds ?? 1) * 1_000, language),
    }),
    UNAVAILABLE: t("login.error.directory"),
    UNREACHABLE: t("login.error.unreachable"),
  };
  const text = texts[code ?? ""];
  return (
    <Alert
      type="error"
      showIcon
      title={text ?? t("login.error.other")}
      description={text === undefined && message ? <ServerWords>{message}</ServerWords> : undefined}
      style={{ marginBottom: 16 }}
    />
  );
}
