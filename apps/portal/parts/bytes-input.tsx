import { InputNumber, Select, Space } from "antd";
import { useState } from "react";
import { useTexts } from "../texts.ts";

const UNITS = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;
type Unit = keyof typeof UNITS;

/** A size as a number and a unit; -1, shown as nothing, is no limit. For a form's field. */
export function BytesInput({
  id,
  disabled = false,
  value = -1,
  onChange = () => undefined,
}: {
  readonly id?: string;
  readonly disabled?: boolean;
  readonly value?: number;
  readonly onChange?: (bytes: number) => void;
}) {
  const t = useTexts("parts");
  const [unit, setUnit] = useState<Unit>(() => unitOf(value));
  const set = (amount: number | null, of: Unit) =>
    onChange(amount === null ? -1 : Math.round(amount * UNITS[of]));
  const amount = value < 0 ? null : value / UNITS[unit];
  return (
    <Space.Compact block>
      <InputNumber
        {...(id && { id })}
        style={{ width: "100%" }}
        disabled={disabled}
        min={0}
        value={amount}
        placeholder={t("bytes.none")}
        onChange={(next) => set(next, unit)}
      />
      <Select<Unit>
        aria-label={t("bytes.unit")}
        disabled={disabled}
        style={{ width: 90 }}
        value={unit}
        options={Object.keys(UNITS).map((name) => ({ value: name as Unit, label: name }))}
        onChange={(next) => {
          setUnit(next);
          set(amount, next);
        }}
      />
    </Space.Compact>
  );
}

/** The largest unit in which `bytes` are at least one. */
function unitOf(bytes: number): Unit {
  const fitting = (Object.keys(UNITS) as Unit[]).filter((unit) => bytes >= UNITS[unit]);
  return fitting.at(-1) ?? (bytes < 0 ? "GiB" : "MiB");
}
