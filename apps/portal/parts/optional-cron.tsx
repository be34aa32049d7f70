import { Flex, Switch } from "antd";
import { CronInput } from "./cron-input.tsx";
import { useTexts } from "../texts.ts";

/** What a schedule begins with when it is switched on: every night at three. */
const NIGHTLY = "0 0 3 * * *";

/** A schedule that may be off: an empty `value`. For a form's field. */
export function OptionalCron({
  id,
  value = "",
  onChange = () => undefined,
  zone = "UTC",
  label,
}: {
  readonly id?: string;
  readonly value?: string;
  readonly onChange?: (cron: string) => void;
  readonly zone?: string;
  readonly label: string;
}) {
  const t = useTexts("parts");
  return (
    <Flex vertical gap={8}>
      <Flex gap={8} align="center">
        <Switch
          {...(id !== undefined && { id })}
          aria-label={label}
          checked={value !== ""}
          onChange={(on) => onChange(on ? NIGHTLY : "")}
        />
        {value === "" ? t("schedule.off") : t("schedule.on")}
      </Flex>
      {value !== "" && <CronInput value={value} onChange={onChange} zone={zone} />}
    </Flex>
  );
}
