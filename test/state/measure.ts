/**
 * Figures of the machine on this computer: `node --expose-gc dist/test/state/measure.js [nodes]`.
 * Prints one JSON line per measurement.
 */
import type { AgentId, NodeId, SessionId } from '../../lib/base/index.js';
import {
  type Command,
  DEFAULT_LIMITS,
  encodeCommand,
  encodeEntry,
  encodeSubBatch,
  Machine,
  makeResources,
  type SweepKind,
} from '../../lib/state/index.js';
import { A1, agent, F1, framework, launch, SESSION, task, uuid } from './support/driver.js';

const LANE = 'm1@0000000000000001' as NodeId;
const BATCH = 64;

/** CPU time of this process: on a computer that others use too, wall time measures them. */
function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

class Feed {
  private index = 0;
  private number = 0;

  private readonly machine: Machine;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  entry(commands: readonly Command[]): Uint8Array {
    const batch = encodeSubBatch(LANE, 1, ++this.number, commands.map(encodeCommand));
    return encodeEntry(1_700_000_000_000 + this.number, [batch]);
  }

  apply(entry: Uint8Array): number {
    const start = cpuNs();
    const applied = this.machine.apply(++this.index, 1, entry);
    const took = cpuNs() - start;
    const bad = applied.batches[0]!.results.find((result) => !result.ok);
    if (bad !== undefined || applied.batches[0]!.skipped) throw new Error(JSON.stringify(bad));
    return took;
  }

  get at(): number {
    return this.index;
  }
}

function print(name: string, figures: Record<string, number>): void {
  console.log(JSON.stringify({ name, ...figures }));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function sessionSets(total: number): void {
  const machine = new Machine({ ...DEFAULT_LIMITS, memoryBudgetBytes: 2 ** 36 });
  const feed = new Feed(machine);
  const session = '00000000000000aa' as SessionId;
  feed.apply(feed.entry([{ kind: 'session-open', session, timeoutMs: 60_000 }]));
  const paths = Array.from({ length: 1000 }, (_, i) => `/bench-${i}/value`);
  for (const path of paths) {
    const parent = path.slice(0, path.lastIndexOf('/'));
    feed.apply(
      feed.entry([
        { kind: 'tree-create', path: parent, data: new Uint8Array() },
        { kind: 'tree-create', path, data: new Uint8Array(256) },
      ]),
    );
  }
  let sequence = 0;
  for (let round0 = 0; round0 < 5; round0++) {
    const entries: Uint8Array[] = [];
    for (let n = 0; n < total; n += BATCH) {
      const commands = Array.from({ length: BATCH }, (): Command => {
        sequence++;
        return {
          kind: 'in-session',
          session,
          sequence,
          acknowledgedBelow: Math.max(1, sequence - 100),
          command: {
            kind: 'tree-set',
            path: paths[sequence % paths.length]!,
            data: new Uint8Array(256).fill(sequence),
            expectedVersion: -1,
          },
        };
      });
      entries.push(feed.entry(commands));
    }
    let spent = 0;
    let worst = 0;
    for (const entry of entries) {
      const took = feed.apply(entry);
      spent += took;
      worst = Math.max(worst, took);
    }
    const each = spent / (entries.length * BATCH);
    print('session-set-256', { ns: round(each), worstBatchMs: round(worst / 1e6) });
  }
}

function manyNodes(total: number): void {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const machine = new Machine({ ...DEFAULT_LIMITS, memoryBudgetBytes: 2 ** 36 });
  const feed = new Feed(machine);
  let worst = 0;
  let spent = 0;
  const parents = 1000;
  for (let i = 0; i < parents; i++) {
    feed.apply(feed.entry([{ kind: 'tree-create', path: `/p${i}`, data: new Uint8Array() }]));
  }
  let worstSlice = 0;
  let cuts = 0;
  let cutMs = 0;
  for (let n = 0; n < total; n += BATCH) {
    const commands = Array.from({ length: BATCH }, (_, i): Command => ({
      kind: 'tree-create',
      path: `/p${(n + i) % parents}/node-${n + i}`,
      data: new Uint8Array(100).fill(n),
    }));
    const took = feed.apply(feed.entry(commands));
    spent += took;
    worst = Math.max(worst, took);
    if (n % (BATCH * 1024) !== 0) continue;
    const cut = machine.beginCut(feed.at, 1);
    cuts++;
    for (let done = false; !done;) {
      const start = cpuNs();
      done = cut.encodeSlice(500);
      const slice = cpuNs() - start;
      cutMs += slice / 1e6;
      worstSlice = Math.max(worstSlice, slice);
    }
  }
  globalThis.gc?.();
  const after = process.memoryUsage();
  print('nodes', {
    nodes: machine.tree.size,
    rssPerNode: round((after.rss - before) / total),
    heapUsedMb: round(after.heapUsed / 2 ** 20),
    buffersMb: round(after.arrayBuffers / 2 ** 20),
    createNs: round(spent / total),
    worstBatchMs: round(worst / 1e6),
    cuts,
    cutMs: round(cutMs),
    worstSliceMs: round(worstSlice / 1e6),
    admissionBytesPerNode: round(machine.usage().bytes / total),
  });
}

/** The heaviest commands that the limits allow. */
function heaviest(): void {
  const machine = new Machine({ ...DEFAULT_LIMITS, memoryBudgetBytes: 2 ** 36 });
  const feed = new Feed(machine);
  const ms = (command: Command): number => round(feed.apply(feed.entry([command])) / 1e6);
  const worst = (count: number, make: (n: number) => Command): number =>
    Math.max(...Array.from({ length: count }, (_, n) => ms(make(n))));
  feed.apply(feed.entry([framework()]));
  const resources = makeResources(10_000_000, 2 ** 45, 0);
  feed.apply(feed.entry([{ ...agent(), resources }]));
  const launches = worst(20, (n) => launch(Array.from({ length: 500 }, (_, i) => task(`t${n}-${i}`, 1))));
  feed.apply(feed.entry([{ kind: 'agent-unreachable', agentId: A1, attachment: 1 }]));
  const sweep = (sweep: SweepKind, id: string): Command => ({
    kind: 'sweep',
    sweep,
    id: id as AgentId,
    limit: 500,
    seed: uuid(1),
  });
  const unreachable = worst(20, () => sweep('agent-unreachable', A1));
  feed.apply(feed.entry([{ kind: 'framework-teardown', frameworkId: F1, cause: 'asked', subscription: 0 }]));
  const teardown = worst(20, () => sweep('framework-teardown', F1));
  feed.apply(feed.entry([{ kind: 'session-open', session: SESSION, timeoutMs: 60_000 }]));
  const big = worst(1000, (n) => ({
    kind: 'in-session',
    session: SESSION,
    sequence: n + 1,
    acknowledgedBelow: 1,
    command: {
      kind: 'tree-set',
      path: '/',
      data: new Uint8Array(n % 2 === 0 ? 2 ** 20 : 10),
      expectedVersion: -1,
    },
  }));
  const close = ms({ kind: 'session-close', session: SESSION });
  const admit = worst(12_000, (n) => agent(`agent-${n}` as AgentId, n));
  const remove = worst(12_000, (n) => ({
    kind: 'agent-remove',
    agentId: `agent-${n}` as AgentId,
    cause: 'gone',
  }));
  print('heaviest-ms', { launches, unreachable, teardown, big, close, admit, remove });
}

function loading(total: number): void {
  const machine = new Machine({ ...DEFAULT_LIMITS, memoryBudgetBytes: 2 ** 36 });
  const feed = new Feed(machine);
  for (let n = 0; n < total; n += BATCH) {
    const node = (_: unknown, i: number): Command => ({
      kind: 'tree-create',
      path: `/n${n + i}`,
      data: new Uint8Array(100),
    });
    feed.apply(feed.entry(Array.from({ length: BATCH }, node)));
  }
  const cut = machine.beginCut(feed.at, 1);
  while (!cut.encodeSlice(1000));
  const loaded = new Machine(DEFAULT_LIMITS);
  const start = cpuNs();
  for (const record of cut.records) loaded.load(record);
  const spent = cpuNs() - start;
  loaded.finishLoad(cut);
  const finish = cpuNs() - start - spent;
  print('load', {
    records: cut.records.length,
    ns: round(spent / cut.records.length),
    finishMs: round(finish / 1e6),
  });
}

// First, while this process holds nothing else.
manyNodes(Number(process.argv[2] ?? 1_000_000));
heaviest();
loading(200_000);
sessionSets(100_000);
