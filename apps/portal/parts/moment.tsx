import { Flex, Input, InputNumber, Segmented, Typography } from "antd";
import { useEffect, useState } from "react";
import { useTexts } from "../texts.ts";
import { fromLocalField, type MomentText, seqOf, toLocalField, zoneText } from "./moments.ts";

/**
 * Chooses a moment: a time in the reader's own zone, or an entry of the journal. `time` is when
 * `value` was, as far as known. `onChange` is called with whole moments only.
 */
export function MomentField({
  value,
  time,
  onChange,
}: {
  readonly value: MomentText | null;
  readonly time: Date | null;
  readonly onChange: (moment: MomentText) => void;
}) {
  const t = useTexts("restore");
  const seq = value === null ? null : seqOf(value);
  const [by, setBy] = useState<"time" | "seq">(seq === null ? "time" : "seq");
  useEffect(() => setBy(seq === null ? "time" : "seq"), [seq]);
  // Kept, so that drawing again takes nothing away from what is being typed.
  const [opened] = useState(() => new Date());
  const shown = time ?? opened;
  return (
    <Flex gap={8} wrap align="center">
      <Segmented
        value={by}
        aria-label={t("moment.by")}
        options={[
          { value: "time", label: t("moment.time") },
          { value: "seq", label: t("moment.seq") },
        ]}
        onChange={setBy}
      />
      {by === "time" ? (
        <>
          <Typed
            key={shown.getTime()}
            label={t("moment.time")}
            text={toLocalField(shown)}
            onText={(text) => {
              const moment = fromLocalField(text);
              if (moment !== null) onChange(moment);
            }}
          />
          <Typography.Text type="secondary">{zoneText(shown)}</Typography.Text>
        </>
      ) : (
        <InputNumber
          key={seq}
          aria-label={t("moment.seq")}
          min={0}
          precision={0}
          defaultValue={seq ?? undefined}
          changeOnWheel={false}
          onPressEnter={({ currentTarget }) => onChange(`seq:${Number(currentTarget.value) || 0}`)}
          onBlur={({ currentTarget }) => {
            if (currentTarget.value !== "" && Number(currentTarget.value) !== seq) {
              onChange(`seq:${Number(currentTarget.value) || 0}`);
            }
          }}
        />
      )}
    </Flex>
  );
}

/** A time is taken when it is whole: with Enter, or when the field is left. */
function Typed({
  label,
  text,
  onText,
}: {
  readonly label: string;
  readonly text: string;
  readonly onText: (text: string) => void;
}) {
  const [typed, setTyped] = useState(text);
  const done = () => typed !== text && onText(typed);
  return (
    <Input
      type="datetime-local"
      step={1}
      aria-label={label}
      value={typed}
      style={{ width: 230 }}
      onChange={({ target }) => setTyped(target.value)}
      onPressEnter={done}
      onBlur={done}
    />
  );
}
