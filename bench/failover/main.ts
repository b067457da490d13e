import { performance } from 'node:perf_hooks';
import { Command } from 'commander';
import { Operator, type MemberStatus } from '../../lib/client/index.js';
import { DevCluster } from '../../test/support/dev-cluster.js';
import { report } from '../support/report.js';
import { percentile, round } from '../support/statistics.js';
import { Clients, type Acknowledgement } from './clients.js';
import { OfferWatch } from './offers.js';

const CLIENTS = 8;
const QUIET_MS = 700;
const ROUND_LIMIT_MS = 20_000;

interface Round {
  /** From the fault to the first acknowledgement of a later write by a later leader. */
  readonly serviceMs: number;
  /** The longest any client that was not connected to the victim went without an acknowledgement. */
  readonly gapMs: number;
}

type Fault = 'kill9' | 'sigstop' | 'transfer';

class FailoverBench {
  private readonly cluster: DevCluster;
  private readonly operator: Operator;
  private readonly clients: Clients;
  private readonly watch: OfferWatch;
  private readonly firstOfferMs: number[] = [];

  constructor(cluster: DevCluster) {
    this.cluster = cluster;
    this.operator = new Operator({ addresses: cluster.grpcAddresses });
    this.clients = new Clients(CLIENTS, cluster.grpcAddresses);
    this.watch = new OfferWatch(cluster.grpcAddresses);
  }

  async start(): Promise<void> {
    await this.watch.start();
    await this.clients.start();
  }

  async stop(): Promise<void> {
    this.clients.stop();
    await this.watch.stop();
    this.operator.close();
  }

  get firstOfferP50(): number {
    return round(percentile(this.firstOfferMs, 50));
  }

  async rounds(fault: Fault, count: number, progress: (text: string) => void): Promise<Round[]> {
    const rounds: Round[] = [];
    for (let i = 0; i < count; i++) {
      const one = fault === 'transfer' ? await this.transfer() : await this.crash(fault);
      progress(`${fault} ${i + 1}/${count}: ${round(one.serviceMs)} ms, longest gap ${round(one.gapMs)} ms`);
      rounds.push(one);
    }
    return rounds;
  }

  private async crash(fault: 'kill9' | 'sigstop'): Promise<Round> {
    const leader = await this.ready();
    const address = leader.grpc!;
    const others = this.clients.list
      .filter((client) => client.address !== address)
      .map(({ number }) => number);
    const term = Math.max(...this.clients.acknowledged.map((ack) => ack.term));
    const wallMs = Date.now();
    const beginMs = performance.now();
    const first = this.firstAck((ack) => ack.sentMs > beginMs && ack.term > term);
    const pid = this.cluster.signal(leader.id, fault === 'kill9' ? 'SIGKILL' : 'SIGSTOP');
    const ack = await first;
    await quiet(QUIET_MS);
    const endMs = performance.now();
    if (fault === 'sigstop') process.kill(pid, 'SIGCONT');
    await this.noteFirstOffer(wallMs);
    const gaps = this.clients.longestGaps(others, beginMs, endMs);
    return { serviceMs: ack.ackedMs - beginMs, gapMs: Math.max(...gaps) };
  }

  private async transfer(): Promise<Round> {
    await this.ready();
    const term = Math.max(...this.clients.acknowledged.map((ack) => ack.term));
    const beginMs = performance.now();
    const first = this.firstAck((ack) => ack.term > term);
    await this.operator.transferLeadership();
    const ack = await first;
    await quiet(QUIET_MS / 2);
    const all = this.clients.list.map(({ number }) => number);
    const gaps = this.clients.longestGaps(all, beginMs, performance.now());
    return { serviceMs: ack.ackedMs - beginMs, gapMs: Math.max(...gaps) };
  }

  /** Resolves to the leader once every member runs, follows it, and has applied what it has, and every client is served. */
  private async ready(): Promise<MemberStatus> {
    const until = performance.now() + ROUND_LIMIT_MS;
    while (performance.now() < until) {
      const { members, leader } = await this.operator.status(500);
      const last = Math.max(...members.map(({ lastIndex }) => lastIndex));
      const level = members.every(({ role, appliedIndex, healthy }) => {
        return (role === 'leader' || role === 'follower') && healthy && last - appliedIndex < 200;
      });
      const leading = members.find(({ id }) => id === leader);
      if (level && members.length === 3 && leading !== undefined && (await this.allServed())) return leading;
    }
    throw new Error(`the members did not catch up within ${ROUND_LIMIT_MS} ms`);
  }

  private async allServed(): Promise<boolean> {
    this.clients.forget();
    await quiet(QUIET_MS / 2);
    return new Set(this.clients.acknowledged.map(({ client }) => client)).size === CLIENTS;
  }

  private firstAck(wanted: (ack: Acknowledgement) => boolean): Promise<Acknowledgement> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no service within ${ROUND_LIMIT_MS} ms`)),
        ROUND_LIMIT_MS,
      );
      const stop = this.clients.listen((ack) => {
        if (!wanted(ack)) return;
        clearTimeout(timer);
        stop();
        resolve(ack);
      });
    });
  }

  private async noteFirstOffer(sinceMs: number): Promise<void> {
    const { leader } = await this.operator.status(500);
    if (leader === null) return;
    const ms = this.watch.afterElection(this.cluster.dir, leader, sinceMs);
    if (ms !== null) this.firstOfferMs.push(ms);
  }
}

function quiet(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function summary(rounds: readonly Round[]) {
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

const options = new Command('bench:failover')
  .description('How long writes stop when the leader is killed, stopped, or hands over')
  .option('--kills <n>', 'rounds of kill -9', '20')
  .option('--stops <n>', 'rounds of SIGSTOP', '10')
  .option('--transfers <n>', 'planned transfers', '20')
  .option('--json', 'one JSON line', false)
  .parse()
  .opts<{ kills: string; stops: string; transfers: string; json: boolean }>();

const cluster = await DevCluster.start({ masters: 3, agents: 1, respawn: true });
const bench = new FailoverBench(cluster);
try {
  await bench.start();
  const progress = (text: string) => process.stderr.write(`${text}\n`);
  const kill9 = summary(await bench.rounds('kill9', Number(options.kills), progress));
  const sigstop = summary(await bench.rounds('sigstop', Number(options.stops), progress));
  const transfer = summary(await bench.rounds('transfer', Number(options.transfers), progress));
  const result = { kill9, sigstop, transfer, first_offer_p50_ms: bench.firstOfferP50 };
  report(
    Object.entries(result).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    result,
    options.json,
  );
} finally {
  await bench.stop();
  await cluster.stop();
}
