import { theme } from "antd";
import { bytesText } from "../../parts/units.tsx";
import { type Language, useLanguage, useTexts } from "../../texts.ts";
import { Quiet } from "./panel.tsx";
import { pointsOf, roundSize, type Sample } from "./growth-scale.ts";

const HEIGHT = 120;

/** Storage over two days or more, in plain SVG: the storage page's chart brings much code along. */
export function GrowthLine({ samples }: { readonly samples: readonly Sample[] }) {
  const t = useTexts("home");
  const language = useLanguage();
  const { token } = theme.useToken();
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || samples.length < 2) return <Quiet>{t("growth.none")}</Quiet>;
  const top = roundSize(Math.max(...samples.map(({ bytes }) => bytes)));
  const points = pointsOf(samples, top);
  const line = points.map(([x, y]) => `${x},${y}`).join(" ");
  const stroke = { stroke: token.colorPrimary, strokeWidth: 2, fill: "none" } as const;
  return (
    <div role="img" aria-label={t("growth.label")} style={{ marginTop: 8 }}>
      <div style={{ display: "flex", gap: 8, fontSize: token.fontSizeSM }}>
        <Ends vertical from={bytesText(top, language)} to={bytesText(0, language)} />
        <svg
          viewBox="0 0 100 100"
          preserveAspectRatio="none"
          style={{
            flex: 1,
            minWidth: 0,
            height: HEIGHT,
            overflow: "visible",
            borderBlock: `1px solid ${token.colorBorderSecondary}`,
          }}
        >
          <polygon points={`0,100 ${line} 100,100`} fill={token.colorPrimary} opacity={0.12} />
          <polyline points={line} {...stroke} vectorEffect="non-scaling-stroke" />
        </svg>
      </div>
      <Ends from={dayText(first.day, language)} to={dayText(last.day, language)} />
    </div>
  );
}

/** What the two ends of an axis are: the upper or left one first. */
function Ends({
  from,
  to,
  vertical = false,
}: {
  readonly from: string;
  readonly to: string;
  readonly vertical?: boolean;
}) {
  const { token } = theme.useToken();
  return (
    <div
      style={{
        display: "flex",
        flexDirection: vertical ? "column" : "row",
        justifyContent: "space-between",
        textAlign: "end",
        whiteSpace: "nowrap",
        fontSize: token.fontSizeSM,
        color: token.colorTextSecondary,
        ...(vertical ? { minWidth: 56 } : { paddingInlineStart: 64, marginTop: 4 }),
      }}
    >
      <span>{from}</span>
      {to !== from && <span>{to}</span>}
    </div>
  );
}

/** A day, as `22 Nov 2026`. */
function dayText(day: string, language: Language): string {
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en", {
    dateStyle: "medium",
    timeZone: "UTC",
  }).format(new Date(day));
}
