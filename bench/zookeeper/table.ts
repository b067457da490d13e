import { round } from '../support/statistics.js';
import type { SideName } from './side.js';

/** What is wanted of a figure: of the ratio Tepui to ZooKeeper, or of Tepui's own. */
export type Target =
  | { readonly kind: 'ratio-at-least'; readonly ratio: number }
  | { readonly kind: 'ratio-at-most'; readonly ratio: number }
  | { readonly kind: 'at-least'; readonly value: number }
  | { readonly kind: 'at-most'; readonly value: number };

/** A side that was not measured is missing. */
export type Figures = Readonly<Partial<Record<SideName, number>>>;

export interface Line {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly figures: Figures;
  readonly target: Target;
  /** What makes the figures doubtful: errors, requests without an answer. */
  readonly notes: readonly string[];
}

export interface Judged extends Line {
  readonly ratio: number | null;
  /** Null: what it is judged by was not measured. */
  readonly holds: boolean | null;
}

export function judge(line: Line): Judged {
  const { tepui, zookeeper } = line.figures;
  const comparable = tepui !== undefined && zookeeper !== undefined && zookeeper > 0;
  const ratio = comparable ? tepui / zookeeper : null;
  return { ...line, ratio: ratio === null ? null : round(ratio, 2), holds: holds(line.target, tepui, ratio) };
}

function holds(target: Target, tepui: number | undefined, ratio: number | null): boolean | null {
  switch (target.kind) {
    case 'ratio-at-least':
      return ratio === null ? null : ratio >= target.ratio;
    case 'ratio-at-most':
      return ratio === null ? null : ratio <= target.ratio;
    case 'at-least':
      return tepui === undefined ? null : tepui >= target.value;
    case 'at-most':
      return tepui === undefined ? null : tepui <= target.value;
  }
}

/** One line per row, in columns, then the notes. */
export function tableOf(lines: readonly Judged[]): string[] {
  const rows = [['', 'Tepui', 'ZooKeeper', 'ratio', 'wanted', 'holds'], ...lines.map(cells)];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const pad = (text: string, i: number) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!));
  const notes = lines.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`));
  return [...rows.map((row) => row.map(pad).join('  ').trimEnd()), ...notes];
}

function cells({ title, unit, figures, ratio, target, holds }: Judged): string[] {
  const figure = (value: number | undefined) => (value === undefined ? '–' : measured(value, unit));
  return [
    title,
    figure(figures.tepui),
    figure(figures.zookeeper),
    ratio === null ? '–' : String(ratio),
    wanted(target, unit),
    holds === null ? '–' : holds ? 'yes' : 'NO',
  ];
}

function wanted(target: Target, unit: string): string {
  switch (target.kind) {
    case 'ratio-at-least':
      return `≥ ${target.ratio} ×`;
    case 'ratio-at-most':
      return `≤ ${target.ratio} ×`;
    case 'at-least':
      return measured(target.value, unit, '≥ ');
    case 'at-most':
      return measured(target.value, unit, '≤ ');
  }
}

function measured(value: number, unit: string, relation: string = ''): string {
  return `${relation}${grouped(value)} ${unit}`.trimEnd();
}

/** With a comma after every three digits; three digits that mean something are enough. */
function grouped(value: number): string {
  return round(value, value < 10 ? 2 : value < 100 ? 1 : 0).toLocaleString('en-US');
}
