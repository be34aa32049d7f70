import type { HistoryBand } from "@entrepot/api";
import { theme } from "antd";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { timeText } from "../../parts/units.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import { heightOf, moved, placeOf, timeAt } from "./track.ts";

const HEIGHT = 96;
/** Keys that follow each other within this are one move. */
const SETTLE_MS = 250;

/**
 * How much happened over time, and a slider over it that is dragged, tapped or moved by keys to a
 * moment. `onMoment` is told when it rests.
 */
export function Band({
  band,
  time,
  onMoment,
}: {
  readonly band: HistoryBand;
  /** Where the slider stands, in ms. */
  readonly time: number;
  readonly onMoment: (time: number) => void;
}) {
  const t = useTexts("timeline");
  const language = useLanguage();
  const { token } = theme.useToken();
  const span = { from: Date.parse(band.from), to: Date.parse(band.to) };
  const [held, setHeld] = useState<number | null>(null);
  const track = useRef<HTMLDivElement>(null);
  const resting = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setHeld(null), [time]);
  useEffect(() => () => clearTimeout(resting.current), []);
  const shown = Math.min(span.to, Math.max(span.from, held ?? time));

  const under = ({ clientX }: PointerEvent) => {
    const { left, width } = track.current!.getBoundingClientRect();
    return timeAt((clientX - left) / width, span);
  };
  const rest = (at: number, delayMs = 0) => {
    setHeld(at);
    clearTimeout(resting.current);
    resting.current = setTimeout(() => onMoment(at), delayMs);
  };
  const place = `${placeOf(shown, span) * 100}%`;
  return (
    <div>
      <div
        ref={track}
        style={{ position: "relative", height: HEIGHT, cursor: "ew-resize", touchAction: "pan-y" }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setHeld(under(event));
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) setHeld(under(event));
        }}
        onPointerUp={(event) => rest(under(event))}
        onPointerCancel={() => setHeld(null)}
      >
        <Bars band={band} time={shown} />
        <div
          role="slider"
          tabIndex={0}
          aria-label={t("band.slider")}
          aria-valuemin={Math.floor(span.from / 1_000)}
          aria-valuemax={Math.ceil(span.to / 1_000)}
          aria-valuenow={Math.round(shown / 1_000)}
          aria-valuetext={timeText(new Date(shown), language)}
          className="timeline-handle"
          onKeyDown={(event) => {
            const to = moved(event.key, shown, span, band.bars.length);
            if (to === null) return;
            event.preventDefault();
            rest(to, SETTLE_MS);
          }}
          style={{
            position: "absolute",
            insetBlock: 0,
            left: place,
            width: 20,
            marginLeft: -10,
            borderRadius: 4,
            background: lineOf(token.colorPrimary),
          }}
        >
          <span
            style={{
              position: "absolute",
              bottom: -7,
              left: 3,
              width: 14,
              height: 14,
              borderRadius: 7,
              background: token.colorPrimary,
              border: `2px solid ${token.colorBgContainer}`,
            }}
          />
        </div>
      </div>
      <Ends band={band} />
      <output aria-live="off" style={{ display: "block", textAlign: "center" }}>
        {timeText(new Date(shown), language)}
      </output>
    </div>
  );
}

/** A line of 2 pixels in the middle of 20: the rest is only for fingers. */
function lineOf(colour: string): string {
  const stops = ["transparent 9px", `${colour} 9px`, `${colour} 11px`, "transparent 11px"];
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

function Bars({ band, time }: { readonly band: HistoryBand; readonly time: number }) {
  const { token } = theme.useToken();
  const t = useTexts("timeline");
  const { bars } = band;
  const most = Math.max(...bars.map(({ changes }) => changes));
  const total = bars.reduce((sum, { changes }) => sum + changes, 0);
  return (
    <svg
      role="img"
      aria-label={t("band.about", { count: total })}
      viewBox={`0 0 ${bars.length} 1`}
      preserveAspectRatio="none"
      style={{
        width: "100%",
        height: HEIGHT,
        display: "block",
        background: token.colorFillQuaternary,
        borderRadius: token.borderRadius,
      }}
    >
      {bars.map((bar, n) => {
        const height = heightOf(bar.changes, most);
        const gone = bar.changes === 0 ? 0 : height * (bar.deletions / bar.changes);
        const opacity = Date.parse(bar.time) <= time ? 1 : 0.35;
        return (
          <g key={bar.time} opacity={opacity}>
            <rect
              x={n + 0.08}
              width={0.84}
              y={1 - height}
              height={height - gone}
              fill={token.colorPrimary}
            />
            <rect x={n + 0.08} width={0.84} y={1 - gone} height={gone} fill={token.colorError} />
          </g>
        );
      })}
    </svg>
  );
}

function Ends({ band }: { readonly band: HistoryBand }) {
  const language = useLanguage();
  const { token } = theme.useToken();
  return (
    <div
      style={{
        display: "flex",
        justifyContent: "space-between",
        gap: 16,
        marginTop: 12,
        color: token.colorTextSecondary,
        fontSize: token.fontSizeSM,
      }}
    >
      <span>{timeText(band.from, language)}</span>
      <span style={{ textAlign: "end" }}>{timeText(band.to, language)}</span>
    </div>
  );
}
