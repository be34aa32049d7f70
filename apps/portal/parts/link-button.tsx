import { useNavigate, useRouter } from "@tanstack/react-router";
import { Button, type ButtonProps } from "antd";

/** A link that looks like a button: it can be opened beside, and needs no reload here. */
export function LinkButton({
  to,
  search,
  ...button
}: ButtonProps & {
  readonly to: string;
  readonly search?: Readonly<Record<string, string>>;
}) {
  const navigate = useNavigate();
  const router = useRouter();
  const target = { to, search: (search ?? {}) as never };
  return (
    <Button
      {...button}
      href={router.buildLocation(target).href}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        void navigate(target);
      }}
    />
  );
}
