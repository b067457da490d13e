import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { pino } from 'pino';
import type { MemberId } from '../../lib/base/index.js';
import { SYSTEM } from '../../lib/client/internal.js';
import { Member, REPLICA_LIMITS } from '../../lib/replica/index.js';
import { DEFAULT_LIMITS, encodeCommand } from '../../lib/state/index.js';
import { FolderSource, openDataFolder } from '../../lib/storage/index.js';
import { GrpcTransport } from '../../lib/transport/index.js';

/** What the parent asks of a member, one at a time. */
export type Order =
  /** Creates nodes of `bytes` each, numbered from `from` up to `to`. */
  | { readonly kind: 'fill'; readonly from: number; readonly to: number; readonly bytes: number }
  /** Offers that many writes of 256 bytes per second for `ms`, whether or not earlier ones were answered. */
  | { readonly kind: 'load'; readonly rate: number; readonly ms: number }
  | { readonly kind: 'status' }
  | { readonly kind: 'stop' };

export interface Answer {
  /** Milliseconds from proposal to answer, of each write. */
  readonly latencies: readonly number[];
  readonly failed: number;
  /** 99th percentile and maximum of how late the event loop was while the order was carried out, milliseconds. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  readonly leading: boolean;
  readonly serving: boolean;
  readonly term: number;
  readonly revision: number;
  readonly stateBytes: number;
  readonly rssBytes: number;
}

export interface Setup {
  readonly id: string;
  readonly folder: string;
  readonly address: string;
  readonly peers: Record<string, string>;
}

const FILL_WINDOW = 16;
const KEYS = 1000;
const LOOP_RESOLUTION_MS = 5;

async function startMember({ id, folder, address, peers }: Setup): Promise<Member> {
  const { clock, timers, random } = SYSTEM;
  const logger = pino({ level: 'warn' }, pino.destination(2));
  const fatal = (error: unknown): never => {
    logger.error({ err: error }, 'bench member failed');
    process.exit(6);
  };
  const memberId = id as MemberId;
  const source = new FolderSource(folder);
  const disk = await openDataFolder({ source, memberId, random, logger, onFailure: fatal });
  const others = Object.entries(peers).filter(([other]) => other !== id) as [MemberId, string][];
  const port = Number(address.split(':')[1]);
  const member = new Member({
    memberId,
    peers: new Map(others),
    doors: { http: null, grpc: null, zk: null, peer: address },
    release: 'bench',
    pid: process.pid,
    memoryBudgetBytes: () => DEFAULT_LIMITS.memoryBudgetBytes,
    disk,
    transport: (handlers) =>
      new GrpcTransport({ host: '127.0.0.1', port, handlers, clock, timers, random, tls: null }),
    clock,
    timers,
    random,
    logger,
    limits: REPLICA_LIMITS,
    machineLimits: DEFAULT_LIMITS,
    heartbeatTicks: 5,
    fatal,
  });
  await member.start();
  return member;
}

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
    const data = new Uint8Array(bytes).fill(0x62);
    let next = from;
    const worker = async (): Promise<void> => {
      while (next < to) {
        const command = encodeCommand({ kind: 'tree-create', path: `/n${next++}`, data });
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

async function obey(member: Member, order: Order): Promise<Answer> {
  const load = new Load(member);
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  if (order.kind === 'fill') {
    await load.keys();
    await load.fill(order.from, order.to, order.bytes);
  }
  if (order.kind === 'load') await load.run(order.rate, order.ms);
  if (order.kind === 'stop') setImmediate(() => void member.stop().then(() => process.exit(0)));
  loop.disable();
  const view = member.leadership();
  return {
    latencies: load.latencies,
    failed: load.failed,
    loopP99Ms: loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS,
    loopMaxMs: loop.max / 1e6 - LOOP_RESOLUTION_MS,
    leading: view.kind === 'leading',
    serving: member.status().trouble === null,
    term: view.term,
    revision: member.machine.revision,
    stateBytes: member.machine.usage().bytes,
    rssBytes: process.memoryUsage.rss(),
  };
}

const member = await startMember(JSON.parse(process.argv[2]!) as Setup);
process.on('message', (order: Order) => {
  void obey(member, order).then((answer) => process.send!(answer));
});
process.send!({ kind: 'started' });
