import assert from 'node:assert/strict';
import { SeededRandom, below } from '../../lib/base/index.js';
import { RAFT_DEFAULTS, RaftNode, simpleConfiguration, type Message } from '../../lib/raft/index.js';
import { id, ids } from './harness.js';
import { MemoryLog } from './memory-log.js';

const TICK_MS = 20;
const DEAD = 'm1';
const LIMIT_MS = 5000;

interface Survivor {
  readonly name: string;
  readonly log: MemoryLog;
  readonly node: RaftNode;
}

/** The survivors of a kill, by a clock of milliseconds: messages take up to `hopMs`, writes about `diskMs`. */
class Kill {
  private nowMs = 0;
  private ledMs: number | null = null;
  private events: { readonly atMs: number; readonly run: () => void }[] = [];
  private readonly arrivals = new Map<string, number>();
  private readonly survivors: Survivor[];
  private readonly random: SeededRandom;
  private readonly hopMs: number;
  private readonly diskMs: number;

  constructor(seed: number, hopMs: number, diskMs: number) {
    this.random = new SeededRandom(seed);
    this.hopMs = hopMs;
    this.diskMs = diskMs;
    const configuration = simpleConfiguration(ids(DEAD, 'm2', 'm3'));
    this.survivors = ['m2', 'm3'].map((name) => {
      const log = new MemoryLog(configuration);
      const config = { ...RAFT_DEFAULTS, id: id(name), random: this.random.split(), applied: 0 };
      const node = new RaftNode(
        { ...config, electionTicks: 20 },
        log,
        { term: 1, vote: null },
        configuration,
      );
      return { name, log, node };
    });
    for (const survivor of this.survivors) this.begin(survivor);
  }

  /** Milliseconds until one of them leads and has committed, and the terms that took. */
  run(): { readonly tookMs: number; readonly terms: number } {
    while (this.ledMs === null && this.nowMs < LIMIT_MS) {
      const next = this.events.reduce((best, one) => (one.atMs < best.atMs ? one : best));
      this.events = this.events.filter((one) => one !== next);
      this.nowMs = next.atMs;
      next.run();
    }
    return { tookMs: this.ledMs ?? Infinity, terms: this.survivors[0]!.node.view.term - 1 };
  }

  private begin(survivor: Survivor): void {
    const { node, name } = survivor;
    node.step({ type: 'heartbeat', from: id(DEAD), to: id(name), term: 1, commit: 0, round: 1 });
    this.turn(survivor);
    this.after(this.share(this.hopMs), survivor, () => node.campaignHint());
    const tick = (): void => {
      node.tick();
      this.after(TICK_MS, survivor, tick);
    };
    this.after(this.share(TICK_MS), survivor, tick);
  }

  private share(ms: number): number {
    return (below(this.random, 1000) / 1000) * ms;
  }

  private after(ms: number, survivor: Survivor, run: () => void): void {
    const event = (): void => {
      run();
      this.turn(survivor);
    };
    this.events.push({ atMs: this.nowMs + ms, run: event });
  }

  private turn(survivor: Survivor): void {
    const { node, log } = survivor;
    while (node.hasReady()) {
      const { messages, persist, committed } = node.ready();
      for (const message of messages) this.send(message);
      if (persist !== null) {
        this.after(this.diskMs / 2 + this.share(this.diskMs), survivor, () => {
          log.apply(persist);
          node.persisted();
        });
      }
      if (committed.length === 0) continue;
      node.applied(committed.at(-1)!.index);
      if (node.view.role === 'leader') this.ledMs ??= this.nowMs;
    }
  }

  /** Messages of one member to another keep their order. */
  private send(message: Message): void {
    const to = this.survivors.find(({ name }) => name === message.to);
    if (to === undefined) return;
    const way = `${message.from}>${message.to}`;
    const atMs = Math.max(this.nowMs + this.share(this.hopMs), this.arrivals.get(way) ?? 0);
    this.arrivals.set(way, atMs);
    this.after(atMs - this.nowMs, to, () => to.node.step(message));
  }
}

describe('a takeover', () => {
  for (const [hopMs, diskMs, mostMs] of [
    [1, 1, 60],
    [1, 10, 100],
    [5, 5, 110],
    [20, 20, 300],
  ] as const) {
    it(`is over within ${mostMs} ms by messages of ${hopMs} ms and writes of ${diskMs} ms`, () => {
      const seeds = Array.from({ length: 200 }, (_, i) => i + 1);
      const all = seeds.map((seed) => ({ seed, ...new Kill(seed, hopMs, diskMs).run() }));
      const late = all.filter(({ tookMs }) => tookMs > mostMs);
      assert.deepEqual(late.slice(1), [], `${late.length} of ${all.length}`);
      const repeated = all.filter(({ terms }) => terms > 1).length;
      assert.ok(repeated <= all.length / 20, `${repeated} of ${all.length} took more than one term`);
    });
  }
});
