import { cpus, totalmem } from 'node:os';

/** The machine a figure was taken on: every figure carries it. */
export function machineSize(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${first?.model.trim() ?? 'cpu'}, ${memory} GiB, Node ${process.version}`;
}

/** Prints `human` lines, and with `json` one JSON line last. */
export function report(human: readonly string[], result: object, json: boolean): void {
  const line = (text: string) => process.stdout.write(`${text}\n`);
  if (!json) line(`machine: ${machineSize()}`);
  for (const text of human) if (!json) line(text);
  if (json) line(JSON.stringify({ ...result, machine: machineSize() }));
}
