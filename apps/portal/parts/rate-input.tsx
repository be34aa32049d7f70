import { InputNumber, Select, Space } from "antd";
import { useState } from "react";
import { useTexts } from "../texts.ts";

const UNITS = [
  { label: "MiB/s", bytes: 1_048_576 },
  { label: "KiB/s", bytes: 1_024 },
  { label: "B/s", bytes: 1 },
] as const;

/** The largest unit in which `value` is a whole number, so that nothing is rounded. */
function unitOf(value: number): number {
  return value === 0 ? UNITS[0].bytes : UNITS.find(({ bytes }) => value % bytes === 0)!.bytes;
}

/** Bytes per second, 0 for no limit, in a unit of one's choice. For a form's field. */
export function RateInput({
  id,
  value = 0,
  onChange = () => undefined,
}: {
  readonly id?: string;
  readonly value?: number;
  readonly onChange?: (bytes: number) => void;
}) {
  const t = useTexts("parts");
  const [unit, setUnit] = useState(() => unitOf(value));
  const shown = value === 0 ? null : value / unit;
  return (
    <Space.Compact style={{ width: "100%", maxWidth: 280 }}>
      <InputNumber
        {...(id !== undefined && { id })}
        value={shown}
        min={0}
        placeholder={t("rate.unlimited")}
        style={{ width: "100%" }}
        onChange={(amount) => onChange(Math.round((amount ?? 0) * unit))}
      />
      <Select
        value={unit}
        aria-label={t("rate.unit")}
        style={{ width: 90 }}
        options={UNITS.map(({ label, bytes }) => ({ label, value: bytes }))}
        onChange={(next: number) => {
          setUnit(next);
          if (shown !== null) onChange(Math.round(shown * next));
        }}
      />
    </Space.Compact>
  );
}
