import type { Message } from '../../lib/raft/types.js';

/** Everything that happens in a run, one word each; the number goes into the trace hash. */
const KINDS = {
  boot: 1,
  crash: 2,
  tick: 3,
  send: 4,
  lose: 5,
  deliver: 6,
  write: 7,
  durable: 8,
  apply: 9,
  role: 10,
  propose: 11,
  refuse: 12,
  acknowledge: 13,
  drop: 14,
  read: 15,
  'read-done': 16,
  'read-refused': 17,
  cut: 18,
  compact: 19,
  'snapshot-start': 20,
  'snapshot-end': 21,
  install: 22,
  fault: 23,
  heal: 24,
  phase: 25,
  violation: 26,
} as const;

export type TraceKind = keyof typeof KINDS;

/** A running hash over the events of a run, four numbers each. */
export class TraceHash {
  events = 0;
  private a = 0x9e3779b9;
  private b = 0x7f4a7c15;

  add(now: number, what: number, x: number, y: number): void {
    this.events++;
    this.mix(now);
    this.mix(what);
    this.mix(x);
    this.mix(y);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return hex(this.a) + hex(this.b);
  }

  private mix(value: number): void {
    const low = value | 0;
    const high = Math.floor(value / 0x1_0000_0000) | 0;
    this.a = Math.imul((this.a ^ low ^ Math.imul(high, 0x27d4eb2f)) >>> 0, 0x85ebca6b);
    this.a ^= this.a >>> 15;
    this.b = (Math.imul(this.b ^ this.a, 0xc2b2ae35) + low) | 0;
    this.b ^= this.b >>> 13;
  }
}

/** A running hash over all events of a run, and their text when someone wants to read it. */
export class Trace {
  private readonly hash = new TraceHash();
  private readonly print: ((line: string) => void) | null;

  /** `print` receives one line per event; null costs nothing. */
  constructor(print: ((line: string) => void) | null = null) {
    this.print = print;
  }

  get events(): number {
    return this.hash.events;
  }

  /** `who` is the node's number (-1: none); `x` and `y` are whatever tells two such events apart. */
  event(now: number, kind: TraceKind, who: number, x: number, y: number, detail?: Message | string): void {
    this.hash.add(now, KINDS[kind] * 64 + who, x, y);
    if (this.print !== null) this.print(line(now, kind, who, x, y, detail));
  }

  digest(): string {
    return this.hash.digest();
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

function line(
  now: number,
  kind: TraceKind,
  who: number,
  x: number,
  y: number,
  detail: Message | string | undefined,
): string {
  const time = (now / 1_000_000).toFixed(6).padStart(11);
  const node = who < 0 ? '--' : `n${who + 1}`;
  const text = detail === undefined ? '' : typeof detail === 'string' ? detail : describe(detail);
  return `${time} ${node} ${kind.padEnd(14)} ${String(x).padStart(6)} ${String(y).padStart(6)}  ${text}`;
}

/** A message in a few words: what people look for when they read a trace. */
export function describe(m: Message): string {
  const head = `${m.type} ${short(m.from)}>${short(m.to)} t${m.term}`;
  switch (m.type) {
    case 'vote':
      return `${head}${m.pre ? ' pre' : ''}${m.transfer ? ' transfer' : ''} last ${m.lastTerm}/${m.lastIndex}`;
    case 'vote-reply':
      return `${head}${m.pre ? ' pre' : ''} ${m.granted ? 'granted' : 'refused'}`;
    case 'append': {
      const span = m.entries.length === 0 ? '' : ` +${m.entries.length} to ${m.entries.at(-1)!.index}`;
      return `${head} prev ${m.prevTerm}/${m.prevIndex}${span} commit ${m.commit}`;
    }
    case 'append-reply':
      return m.rejected
        ? `${head} rejected ${m.index} hint ${m.hintTerm}/${m.hintIndex}`
        : `${head} matches ${m.index}`;
    case 'heartbeat':
      return `${head} commit ${m.commit} round ${m.round}`;
    case 'heartbeat-reply':
      return `${head} round ${m.round}`;
    case 'read':
      return `${head} context ${m.context}`;
    case 'read-reply':
      return `${head} context ${m.context} index ${m.index}`;
    case 'snapshot':
      return `${head} at ${m.meta.term}/${m.meta.index}`;
    case 'timeout-now':
      return head;
  }
}

function short(id: string): string {
  return id.slice(0, id.indexOf('@'));
}
