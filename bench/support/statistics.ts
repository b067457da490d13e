/** The p-th percentile (0 to 100) by nearest rank; NaN for an empty list. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? sorted[0]!;
}

export function round(value: number, digits: number = 1): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
