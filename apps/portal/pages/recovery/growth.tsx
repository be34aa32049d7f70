import { LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { Empty, theme } from "antd";
import { useEffect, useRef } from "react";
import { bytesText } from "../../parts/units.tsx";
import type { Sample } from "../home/growth-scale.ts";
import { useLanguage, useTexts } from "../../texts.ts";

use([LineChart, GridComponent, TooltipComponent, AriaComponent, SVGRenderer]);

const HEIGHT = 220;

/** Storage over time. Load it lazily: the chart's code is large. */
export default function Growth({ samples }: { readonly samples: readonly Sample[] }) {
  const t = useTexts("home");
  const language = useLanguage();
  const { token } = theme.useToken();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current || samples.length === 0) return undefined;
    const chart = init(box.current, null, { renderer: "svg" });
    const axis = { color: token.colorTextSecondary };
    chart.setOption({
      animation: false,
      aria: { enabled: true, label: { description: t("growth.label") } },
      grid: { left: 8, right: 12, top: 12, bottom: 4, outerBoundsMode: "same" },
      tooltip: {
        trigger: "axis",
        valueFormatter: (value: unknown) => bytesText(Number(value), language),
        backgroundColor: token.colorBgElevated,
        borderColor: token.colorBorder,
        textStyle: { color: token.colorText },
      },
      xAxis: { type: "category", data: samples.map(({ day }) => day), axisLabel: axis },
      yAxis: {
        type: "value",
        minInterval: 1,
        axisLabel: { ...axis, formatter: (value: number) => bytesText(value, language) },
        splitLine: { lineStyle: { color: token.colorBorderSecondary } },
      },
      series: [
        {
          type: "line",
          data: samples.map(({ bytes }) => bytes),
          areaStyle: { opacity: 0.15 },
          showSymbol: samples.length < 3,
          color: token.colorPrimary,
        },
      ],
    });
    const resized = new ResizeObserver(() => chart.resize());
    resized.observe(box.current);
    return () => {
      resized.disconnect();
      chart.dispose();
    };
  }, [samples, language, token, t]);
  if (samples.length === 0) return <Empty description={t("growth.none")} />;
  return <div ref={box} role="img" aria-label={t("growth.label")} style={{ height: HEIGHT }} />;
}
