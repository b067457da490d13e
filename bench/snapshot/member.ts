import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { encodeCommand } from '../../lib/state/index.js';
import type { Member } from '../../lib/replica/index.js';
import { serveOrders } from '../support/member.js';

/** What the parent asks of a member, one at a time. */
export type Order =
  /** Creates nodes of `bytes` each, numbered from `from` up to `to`. */
  | { readonly kind: 'fill'; readonly from: number; readonly to: number; readonly bytes: number }
  /** Offers that many writes of 256 bytes per second for `ms`, whether or not earlier ones were answered. */
  | { readonly kind: 'load'; readonly rate: number; readonly ms: number }
  | { readonly kind: 'status' };

export interface Answer {
  /** Milliseconds from the moment a write was due to its answer, of each write. */
  readonly latencies: readonly number[];
  readonly failed: number;
  /** Milliseconds of each synced batch of the log's database. */
  readonly syncs: readonly number[];
  /** 99th percentile and maximum of how late the event loop was while the order was carried out, milliseconds. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  /** Processor time of this process since its last answer, milliseconds. */
  readonly cpuMs: number;
  readonly leading: boolean;
  readonly serving: boolean;
  readonly term: number;
  readonly revision: number;
  readonly stateBytes: number;
  readonly rssBytes: number;
}

const FILL_WINDOW = 16;
const KEYS = 1000;
const LOOP_RESOLUTION_MS = 5;

/** Writes offered to one member. */
class Load {
  private readonly member: Member;
  private readonly data = new Uint8Array(200).fill(0x61);
  latencies: number[] = [];
  failed = 0;

  constructor(member: Member) {
    this.member = member;
  }

  async fill(from: number, to: number, bytes: number): Promise<void> {
    let next = from;
    const worker = async (): Promise<void> => {
      while (next < to) {
        // What does not compress is written to the disk at its full size.
        const command = encodeCommand({ kind: 'tree-create', path: `/n${next++}`, data: randomBytes(bytes) });
        // A refusal (the log grows faster than the state is written) is repeated; an existing node is enough.
        while (!(await this.propose(command))) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await Promise.all(Array.from({ length: FILL_WINDOW }, worker));
  }

  /** The nodes that `run` writes. */
  async keys(): Promise<void> {
    for (let key = 0; key < KEYS; key++) {
      await this.propose(encodeCommand({ kind: 'tree-create', path: `/k${key}`, data: this.data }));
    }
  }

  async run(rate: number, ms: number): Promise<void> {
    const begun = performance.now();
    const waiting: Promise<void>[] = [];
    for (let sent = 0; sent < (rate * ms) / 1000;) {
      const dueNow = Math.min(((performance.now() - begun) / 1000) * rate, (rate * ms) / 1000);
      for (; sent < dueNow; sent++) waiting.push(this.write(sent, begun + (sent / rate) * 1000));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(waiting);
  }

  /** Timed from the moment at which the write was due, so that a stall of this process counts in full. */
  private async write(turn: number, dueMs: number): Promise<void> {
    const path = `/k${turn % KEYS}`;
    const command = encodeCommand({ kind: 'tree-set', path, data: this.data, expectedVersion: -1 });
    if (await this.propose(command)) this.latencies.push(performance.now() - dueMs);
    else this.failed++;
  }

  private propose(command: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      this.member.propose(command, (outcome) => {
        const done = outcome.kind === 'applied';
        resolve(done && (outcome.result.ok || outcome.result.code === 'NODE_EXISTS'));
      });
    });
  }
}

let syncs: number[] = [];
let cpu = process.cpuUsage();

async function obey(member: Member, order: Order): Promise<Answer> {
  const load = new Load(member);
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  syncs = [];
  loop.enable();
  if (order.kind === 'fill') {
    await load.keys();
    await load.fill(order.from, order.to, order.bytes);
  }
  if (order.kind === 'load') await load.run(order.rate, order.ms);
  loop.disable();
  const view = member.leadership();
  const used = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  return {
    latencies: load.latencies,
    failed: load.failed,
    syncs: order.kind === 'load' ? syncs : [],
    loopP99Ms: loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS,
    loopMaxMs: loop.max / 1e6 - LOOP_RESOLUTION_MS,
    cpuMs: (used.user + used.system) / 1000,
    leading: view.kind === 'leading',
    serving: member.status().trouble === null,
    term: view.term,
    revision: member.machine.revision,
    stateBytes: member.machine.usage().bytes,
    rssBytes: process.memoryUsage.rss(),
  };
}

await serveOrders(
  (member) => (order: Order) => obey(member, order),
  (name, durationMs) => {
    if (name === 'raft') syncs.push(durationMs);
  },
);
