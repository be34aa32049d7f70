import { CopyOutlined, DownloadOutlined, VerticalAlignBottomOutlined } from "@ant-design/icons";
import { Alert, Button, Flex, Spin, theme } from "antd";
import { useLayoutEffect, useRef, useState } from "react";
import { useLanguage, useTexts } from "../texts.ts";
import { copyText } from "./copy.tsx";
import { useDoing } from "./ask.tsx";
import { Failure } from "./failure.tsx";
import { asText, type LogLine } from "./log-lines.ts";
import { numberText } from "./units.tsx";
import { type LogSource, useLog, wholeLog } from "./use-log.ts";

/** Within so many pixels of its end a log counts as read to the end. */
const NEAR_END_PX = 24;

/**
 * A task's log as it grows. It stays at its end until somebody scrolls up, keeps a bounded number
 * of lines, and can be copied, or downloaded whole.
 */
export function LogView({
  source,
  label,
  height = 360,
}: {
  readonly source: LogSource;
  /** What log it is, for those who do not see it. */
  readonly label: string;
  readonly height?: number;
}) {
  const t = useTexts("parts");
  const language = useLanguage();
  const { tail, ended, refused, cut } = useLog(source);
  const [follows, setFollows] = useState(true);
  if (refused) return <Failure error={refused} />;
  const { lines, dropped } = tail;
  return (
    <section aria-label={label}>
      <LogTools
        source={source}
        lines={lines}
        follows={follows}
        onFollow={() => setFollows(true)}
        runs={ended === null}
      />
      {cut && <Alert type="warning" title={t("log.cut")} banner />}
      <Lines
        label={label}
        height={height}
        lines={lines}
        before={dropped > 0 ? t("log.dropped", { lines: numberText(dropped, language) }) : ""}
        none={ended === null ? t("log.waiting") : t("log.empty")}
        follows={follows}
        onFollows={setFollows}
      />
    </section>
  );
}

function LogTools({
  source,
  lines,
  follows,
  onFollow,
  runs,
}: {
  readonly source: LogSource;
  readonly lines: readonly LogLine[];
  readonly follows: boolean;
  readonly onFollow: () => void;
  readonly runs: boolean;
}) {
  const t = useTexts("parts");
  const { run } = useDoing();
  const [saving, setSaving] = useState(false);
  const copy = () => run(() => copyText(lines.map(asText).join("\n")), t("copy.done"));
  const download = async () => {
    setSaving(true);
    await run(async () => save(await wholeLog(source), `${source.name}.log`));
    setSaving(false);
  };
  return (
    <Flex gap={4} wrap align="center" justify="flex-end" style={{ minHeight: 32 }}>
      <span role="status" style={{ marginInlineEnd: "auto" }}>
        {runs ? (
          <>
            <Spin size="small" /> {t("log.live")}
          </>
        ) : (
          t("log.ended")
        )}
      </span>
      {!follows && (
        <Button type="text" icon={<VerticalAlignBottomOutlined />} onClick={onFollow}>
          {t("log.follow")}
        </Button>
      )}
      <Button type="text" icon={<CopyOutlined />} onClick={() => void copy()}>
        {t("log.copy")}
      </Button>
      <Button
        type="text"
        icon={<DownloadOutlined />}
        loading={saving}
        onClick={() => void download()}
      >
        {t("log.download")}
      </Button>
    </Flex>
  );
}

function Lines({
  label,
  height,
  lines,
  before,
  none,
  follows,
  onFollows,
}: {
  readonly label: string;
  readonly height: number;
  readonly lines: readonly LogLine[];
  readonly before: string;
  readonly none: string;
  readonly follows: boolean;
  readonly onFollows: (follows: boolean) => void;
}) {
  const { token } = theme.useToken();
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (follows && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follows, lines]);
  return (
    <div
      ref={box}
      role="log"
      aria-label={label}
      tabIndex={0}
      className="code"
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) =>
        onFollows(scrollHeight - scrollTop - clientHeight < NEAR_END_PX)
      }
      style={{
        maxHeight: height,
        overflow: "auto",
        padding: 12,
        lineHeight: 1.6,
        background: token.colorFillQuaternary,
        border: `1px solid ${token.colorBorderSecondary}`,
        borderRadius: token.borderRadius,
      }}
    >
      {before && <div style={{ color: token.colorTextSecondary }}>{before}</div>}
      {lines.length === 0 && <div style={{ color: token.colorTextSecondary }}>{none}</div>}
      {lines.map((line) => (
        <Line key={line.id} line={line} />
      ))}
    </div>
  );
}

/** The time of day is enough to read along; what is copied has it whole. */
function Line({ line: { time, level, text } }: { readonly line: LogLine }) {
  const { token } = theme.useToken();
  const colours: Readonly<Record<string, string>> = {
    error: token.colorErrorText,
    warn: token.colorWarningText,
  };
  const clock = new Date(time).toLocaleTimeString("en-GB");
  return (
    <div style={{ display: "flex", gap: 12, color: colours[level] ?? token.colorText }}>
      <time dateTime={time} style={{ color: token.colorTextSecondary, flex: "none" }}>
        {clock}
      </time>
      <span style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{text}</span>
    </div>
  );
}

/** Hands `content` to the browser as the file `name`. */
function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
