import type { Figure } from "./figure.ts";
import { ratiosOf, spreadOf, type Spread } from "./statistics.ts";

const HEAD = ["", "Entrepot", "other", "times better", "to reach", ""];

/**
 * Figures as a Markdown table: medians, with the least and the greatest of the rounds in brackets.
 * A ratio's median is that of the rounds' ratios, since the rounds of both are interleaved.
 */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length), 3));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)));
  lines.splice(
    1,
    0,
    widths.map((width) => "-".repeat(width)),
  );
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function rowOf(figure: Figure): string[] {
  const { other, unit } = figure;
  const ratios = spreadOf(ratiosOf(figure.entrepot, other?.samples ?? [], figure.better));
  const theirs = spreadOf(other?.samples ?? []);
  return [
    `${figure.what}, ${unit}`,
    shown(spreadOf(figure.entrepot)),
    theirs ? `${other!.name} ${shown(theirs)}` : "–",
    shown(ratios),
    goalText(figure),
    verdict(figure),
  ];
}

function shown(spread: Spread | null): string {
  if (spread === null || Number.isNaN(spread.median)) return "–";
  const { min, median, max } = spread;
  return min === max ? digits(median) : `${digits(median)} (${digits(min)}–${digits(max)})`;
}

/** Three digits that count; thousands with commas. */
function digits(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

function goalText({ goal, unit }: Figure): string {
  if (goal === null) return "–";
  return "ratio" in goal ? `≥ ${goal.ratio}×` : `≤ ${goal.atMost} ${unit}`;
}

/** Whether the median has reached the goal; empty if there is no goal or nothing to judge. */
export function verdict(figure: Figure): "reached" | "not reached" | "" {
  const { goal } = figure;
  if (goal === null) return "";
  const samples =
    "ratio" in goal
      ? ratiosOf(figure.entrepot, figure.other?.samples ?? [], figure.better)
      : figure.entrepot;
  const median = spreadOf(samples)?.median ?? Number.NaN;
  if (Number.isNaN(median)) return "";
  const reached = "ratio" in goal ? median >= goal.ratio : median <= goal.atMost;
  return reached ? "reached" : "not reached";
}
