import { TraceHash } from '../trace.js';

/** Everything that happens in a run of whole nodes, one word each; the number goes into the trace hash. */
const KINDS = {
  start: 1,
  serve: 2,
  crash: 3,
  end: 4,
  view: 5,
  commit: 6,
  apply: 7,
  cut: 8,
  reset: 9,
  call: 10,
  answer: 11,
  fault: 12,
  heal: 13,
  phase: 14,
  violation: 15,
  send: 16,
  write: 17,
  mark: 18,
  log: 19,
} as const;

export type NodeTraceKind = keyof typeof KINDS;

/** A running hash over the events of a run, and their text when somebody wants to read it. */
export class NodeTrace {
  private readonly hash = new TraceHash();
  readonly print: ((line: string) => void) | null;

  constructor(print: ((line: string) => void) | null = null) {
    this.print = print;
  }

  get events(): number {
    return this.hash.events;
  }

  /** `who` is the machine's number (-1: none); `x` and `y` tell two such events apart. */
  event(now: number, kind: NodeTraceKind, who: number, x: number, y: number, detail = ''): void {
    this.hash.add(now, KINDS[kind] * 256 + who, x, y);
    if (this.print === null) return;
    const time = (now / 1_000_000).toFixed(6).padStart(11);
    const name = who < 0 ? '--' : who < 64 ? `m${who + 1}` : `c${who - 63}`;
    this.print(
      `${time} ${name.padEnd(3)} ${kind.padEnd(10)} ${String(x).padStart(6)} ${String(y).padStart(6)}  ${detail}`,
    );
  }

  /** For a person only: not part of the hash. */
  note(now: number, who: number, text: () => string): void {
    if (this.print === null) return;
    this.print(`${(now / 1_000_000).toFixed(6).padStart(11)} m${who + 1}  log ${' '.repeat(20)}  ${text()}`);
  }

  digest(): string {
    return this.hash.digest();
  }
}
