import { performance } from 'node:perf_hooks';
import type { SessionId } from '../../lib/base/index.js';
import { SYSTEM } from '../../lib/client/internal.js';
import type { Member, Outcome } from '../../lib/replica/index.js';
import { encodeCommand } from '../../lib/state/index.js';
import { serveOrders } from '../support/member.js';

/** What the parent asks of a bench member, one at a time. */
export type Order =
  | { readonly kind: 'prepare'; readonly sessions: number; readonly keys: number }
  /** Keeps `window` proposals in flight for `ms`. */
  | { readonly kind: 'load'; readonly window: number; readonly ms: number }
  /** Sends `count` proposals one after the other. */
  | { readonly kind: 'sequential'; readonly count: number }
  | { readonly kind: 'status' };

export interface Answer {
  readonly done: number;
  readonly failed: number;
  /** Milliseconds, of `sequential` and a sample of `load`. */
  readonly latencies: readonly number[];
  readonly elapsedMs: number;
  readonly leading: boolean;
  readonly revision: number;
  readonly cpuMs: number;
  readonly failures: readonly string[];
}

const DATA_BYTES = 200;
const SAMPLE_EVERY = 64;

interface BenchSession {
  readonly id: SessionId;
  sequence: number;
  /** All sequences up to here were answered: a lane answers in order. */
  answered: number;
}

/** Offers tree writes of about 256 bytes, each in a client session with a sequence number. */
class Load {
  private readonly member: Member;
  private readonly sessions: BenchSession[] = [];
  private readonly data = new Uint8Array(DATA_BYTES).fill(0x61);
  private keys = 1;
  private turn = 0;
  done = 0;
  failed = 0;
  latencies: number[] = [];
  failures = new Set<string>();

  constructor(member: Member) {
    this.member = member;
  }

  async prepare(sessions: number, keys: number): Promise<void> {
    this.keys = keys;
    const random = SYSTEM.random;
    for (let i = 0; i < sessions; i++) {
      const id = (random.uint32().toString(16).padStart(8, '0') +
        random.uint32().toString(16).padStart(8, '0')) as SessionId;
      await this.propose(encodeCommand({ kind: 'session-open', session: id, timeoutMs: 600_000 }));
      this.sessions.push({ id, sequence: 0, answered: 0 });
    }
    const create = (path: string) => encodeCommand({ kind: 'tree-create', path, data: new Uint8Array(0) });
    await this.propose(create('/bench')).catch(() => undefined);
    await Promise.all(
      Array.from({ length: keys }, (_, i) => this.propose(create(this.path(i))).catch(() => undefined)),
    );
  }

  /** Proposes the next write; `done` is called when it has ended. */
  private next(done: (good: boolean) => void): void {
    this.turn++;
    const session = this.sessions[this.turn % this.sessions.length]!;
    const sequence = ++session.sequence;
    const command = encodeCommand({
      kind: 'in-session',
      session: session.id,
      sequence,
      acknowledgedBelow: session.answered + 1,
      command: {
        kind: 'tree-set',
        path: this.path(this.turn % this.keys),
        data: this.data,
        expectedVersion: -1,
      },
    });
    this.member.propose(command, (outcome) => {
      session.answered = sequence;
      done(this.settle(outcome));
    });
  }

  propose(command: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.member.propose(command, (outcome) => {
        if (this.settle(outcome)) resolve();
        else reject(new Error(JSON.stringify(outcome)));
      });
    });
  }

  run(window: number, ms: number): Promise<number> {
    const begun = performance.now();
    const until = begun + ms;
    let inFlight = 0;
    return new Promise((resolve) => {
      const send = () => {
        const sample = this.turn % SAMPLE_EVERY === 0;
        const sentMs = sample ? performance.now() : 0;
        inFlight++;
        this.next(() => {
          if (sample) this.latencies.push(performance.now() - sentMs);
          inFlight--;
          if (performance.now() < until) send();
          else if (inFlight === 0) resolve(performance.now() - begun);
        });
      };
      for (let i = 0; i < window; i++) send();
    });
  }

  async sequential(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const sentMs = performance.now();
      await new Promise<void>((resolve) => this.next(() => resolve()));
      this.latencies.push(performance.now() - sentMs);
    }
  }

  private settle(outcome: Outcome): boolean {
    const good = outcome.kind === 'applied' && outcome.result.ok;
    if (good) this.done++;
    else {
      this.failed++;
      this.failures.add(JSON.stringify(outcome));
    }
    return good;
  }

  private path(key: number): string {
    return `/bench/k${key}`;
  }
}

async function obey(member: Member, load: Load, order: Order): Promise<Answer> {
  load.latencies = [];
  load.done = 0;
  load.failed = 0;
  load.failures.clear();
  const begun = performance.now();
  const cpu = process.cpuUsage();
  let elapsedMs = 0;
  if (order.kind === 'prepare') await load.prepare(order.sessions, order.keys);
  if (order.kind === 'load') elapsedMs = await load.run(order.window, order.ms);
  if (order.kind === 'sequential') await load.sequential(order.count);
  const used = process.cpuUsage(cpu);
  return {
    done: load.done,
    failed: load.failed,
    latencies: load.latencies,
    elapsedMs: elapsedMs || performance.now() - begun,
    leading: member.leadership().kind === 'leading',
    revision: member.machine.revision,
    cpuMs: (used.user + used.system) / 1000,
    failures: [...load.failures].slice(0, 3),
  };
}

await serveOrders((member) => {
  const load = new Load(member);
  return (order: Order) => obey(member, load, order);
});
