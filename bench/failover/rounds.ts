import { performance } from 'node:perf_hooks';
import { percentile, round } from '../support/statistics.js';
import type { Acknowledgement, Clients } from './clients.js';
import type { Fault } from './fault.js';
import type { Group, Member } from './group.js';
import { pause, untilSome } from './support/time.js';

/** How long every client is watched before a fault, and after the service is back. */
const QUIET_MS = 700;
/** For each wait of a round. ZooKeeper gives up a silent leader after syncLimit × tickTime = 10 s. */
const LIMIT_MS = 60_000;

interface Round {
  /** From the fault to the first acknowledgement of a write that was sent after it and that a later leader committed. */
  readonly serviceMs: number;
  /** The longest any client that was not connected to the victim went without an acknowledgement. */
  readonly gapMs: number;
}

export interface Summary {
  readonly n: number;
  readonly p50_ms: number;
  readonly max_ms: number;
  readonly client_gap_p50_ms: number;
  readonly client_gap_max_ms: number;
}

export interface Watcher {
  progress(text: string): void;
  /** Before each round in which `leader` will be lost. */
  expecting?(leader: Member): Promise<void>;
  /** After each round in which a leader was lost at `sinceMs` of wall time, before it is brought back. */
  recovered?(sinceMs: number): Promise<void>;
}

/** The same rounds for every group: all members level, every client served, then the fault. Every round counts. */
export class Rounds {
  private readonly group: Group;
  private readonly clients: Clients;
  private readonly watcher: Watcher;

  constructor(group: Group, clients: Clients, watcher: Watcher) {
    this.group = group;
    this.clients = clients;
    this.watcher = watcher;
  }

  async run(fault: Fault, count: number): Promise<Summary> {
    const rounds: Round[] = [];
    for (let i = 1; i <= count; i++) {
      const one = await this.round(fault);
      const figures = `${round(one.serviceMs)} ms, longest gap ${round(one.gapMs)} ms`;
      this.watcher.progress(`${this.group.name} ${fault.name} ${i}/${count}: ${figures}`);
      rounds.push(one);
    }
    return summary(rounds);
  }

  private async round(fault: Fault): Promise<Round> {
    const leader = await this.prepared(fault);
    const judged = this.judged(fault, leader);
    const { term } = this.clients;
    const wallMs = Date.now();
    const beginMs = performance.now();
    const first = this.firstAck((ack) => ack.sentMs > beginMs && ack.term > term);
    const [ack] = await Promise.all([first, fault.strike(leader)]);
    await this.allServed(judged, beginMs);
    await pause(QUIET_MS);
    const gapMs = this.clients.longestGap(judged, beginMs, performance.now());
    if (fault.hasVictim) await this.watcher.recovered?.(wallMs);
    await fault.heal(leader);
    return { serviceMs: ack.ackedMs - beginMs, gapMs };
  }

  /** What a watcher prepares takes time, in which another member may come to lead. */
  private async prepared(fault: Fault): Promise<Member> {
    let leader = await this.ready();
    if (!fault.hasVictim) return leader;
    for (;;) {
      await this.watcher.expecting?.(leader);
      const now = await this.ready();
      if (now.id === leader.id) return leader;
      leader = now;
    }
  }

  /** Resolves to the leader once all members are level with it and every client was served just now. */
  private ready(): Promise<Member> {
    return untilSome(`${this.group.name}: all members level and all clients served`, LIMIT_MS, async () => {
      if ((await this.group.leader()) === null) return null;
      this.clients.forget();
      const sinceMs = performance.now();
      await pause(QUIET_MS / 2);
      const served = this.clients.servedSince(sinceMs).size === this.clients.members.length;
      return served ? this.group.leader() : null;
    });
  }

  /** The clients whose gaps count: those of the victim have nobody to talk to until it is back. */
  private judged(fault: Fault, leader: Member): number[] {
    const all = [...this.clients.members.keys()];
    return fault.hasVictim ? all.filter((number) => this.clients.members[number]!.id !== leader.id) : all;
  }

  /** A client that is served late must not look as if the end of the round had served it. */
  private async allServed(judged: readonly number[], sinceMs: number): Promise<void> {
    await untilSome(`${this.group.name}: every client of another member served`, LIMIT_MS, () => {
      const served = this.clients.servedSince(sinceMs);
      return Promise.resolve(judged.every((number) => served.has(number)) ? true : null);
    });
  }

  private firstAck(wanted: (ack: Acknowledgement) => boolean): Promise<Acknowledgement> {
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`${this.group.name}: no service within ${LIMIT_MS} ms`));
      const timer = setTimeout(late, LIMIT_MS);
      const stop = this.clients.listen((ack) => {
        if (!wanted(ack)) return;
        clearTimeout(timer);
        stop();
        resolve(ack);
      });
    });
  }
}

function summary(rounds: readonly Round[]): Summary {
  const service = rounds.map(({ serviceMs }) => serviceMs);
  const gaps = rounds.map(({ gapMs }) => gapMs);
  return {
    n: rounds.length,
    p50_ms: round(percentile(service, 50)),
    max_ms: round(Math.max(...service)),
    client_gap_p50_ms: round(percentile(gaps, 50)),
    client_gap_max_ms: round(Math.max(...gaps)),
  };
}
