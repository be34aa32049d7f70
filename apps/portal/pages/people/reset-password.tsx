import type { User } from "@entrepot/api";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { useTexts } from "../../texts.ts";
import { PasswordFields } from "./password-fields.tsx";

/** Gives `user` another password; nobody where it is null. */
export function ResetPassword({
  user,
  onClose,
}: {
  readonly user: User | null;
  readonly onClose: () => void;
}) {
  const t = useTexts("people");
  const { run } = useDoing();
  const reset = ({ password }: { readonly password: string }) => {
    const params = { user_id: user!.user_id };
    const body = { new_password: password };
    return run(() => api.users.changePassword({ params, body }), t("password.changed"));
  };
  return (
    <FormModal
      open={user !== null}
      title={t("password.resetOf", { name: user?.username ?? "" })}
      action={t("password.reset")}
      submit={reset}
      close={onClose}
    >
      <PasswordFields />
    </FormModal>
  );
}
