import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { Operator } from '../../../lib/client/index.js';
import { DevCluster, TEPUI } from '../../../test/support/dev-cluster.js';
import { LEVEL_ENTRIES, type Group, type GroupClient, type Member } from '../group.js';
import { Processes } from '../support/processes.js';
import { Reaper } from '../support/reaper.js';
import { pause } from '../support/time.js';
import { TepuiClient } from './client.js';
import { OfferWatch } from './offers.js';

const STATUS_MS = 500;
const TEARDOWN_MS = 5000;
const STARTING_MS = 20_000;
/** After it an offer counts as missing. */
const OFFER_LIMIT_MS = 20_000;

/** Three masters and agents of `tepui dev`, and in every round a framework that notes when offers come. */
export class TepuiGroup implements Group {
  readonly name = 'tepui';
  /** Per lost leader: from the election of the next one to the first offer; endless if none came. */
  readonly firstOfferMs: number[] = [];
  private readonly agents: number;
  private starting: Promise<DevCluster> | null = null;
  private cluster: DevCluster | null = null;
  private operator: Operator | null = null;
  private watch: OfferWatch | null = null;
  private watches = 0;
  /** Masters that the bench started again: `dev` knows only the ones that it started. */
  private readonly restarted = new Processes();
  private readonly ours = new Set<string>();
  private readonly paused = new Set<string>();

  constructor(agents: number = 1) {
    this.agents = agents;
  }

  /** Where each member serves ZooKeeper's clients. */
  get coordination(): readonly Member[] {
    return this.running().announcement.masters.map(({ id, zk }) => ({ id, address: zk! }));
  }

  get members(): readonly Member[] {
    return this.running().announcement.masters.map(({ id, grpc }) => ({ id, address: grpc }));
  }

  async start(): Promise<void> {
    this.starting = DevCluster.start({ masters: 3, agents: this.agents });
    this.cluster = await this.starting;
    this.reapWithUs(this.cluster.process);
    this.operator = new Operator({ addresses: this.cluster.grpcAddresses });
  }

  async stop(): Promise<void> {
    this.resumeAll();
    await Promise.race([this.watch?.stop(), pause(TEARDOWN_MS)]);
    this.operator?.close();
    await this.restarted.end();
    // Interrupted while it started: it has to be there before it can be ended.
    const cluster = await Promise.race([this.starting, pause(STARTING_MS)]).catch(() => null);
    await cluster?.stop();
  }

  async leader(): Promise<Member | null> {
    this.restarted.check();
    const { members, leader } = await this.operator!.status(STATUS_MS);
    const last = Math.max(...members.map(({ lastIndex }) => lastIndex));
    const level = members.every(({ role, appliedIndex, healthy }) => {
      return (role === 'leader' || role === 'follower') && healthy && last - appliedIndex < LEVEL_ENTRIES;
    });
    if (!level || members.length !== 3) return null;
    return this.members.find(({ id }) => id === leader) ?? null;
  }

  pid(id: string): number {
    return this.ours.has(id) ? this.restarted.pid(id) : this.running().pid(id);
  }

  kill(id: string): void {
    if (this.ours.has(id)) this.restarted.kill(id);
    else this.running().signal(id, 'SIGKILL');
  }

  async restart(id: string): Promise<void> {
    if (this.ours.has(id)) return this.restarted.restart(id);
    const folder = path.join(this.running().dir, id);
    const args = [TEPUI, 'master', '--config', path.join(folder, 'config.yaml')];
    const output = path.join(folder, 'output.log');
    await this.restarted.start({ id, command: process.execPath, args, output });
    this.ours.add(id);
  }

  pause(id: string): void {
    this.paused.add(id);
    this.running().signal(id, 'SIGSTOP');
  }

  resume(id: string): void {
    this.running().signal(id, 'SIGCONT');
    this.paused.delete(id);
  }

  client(address: string, number: number): GroupClient {
    return new TepuiClient(address, number);
  }

  async transfer(): Promise<void> {
    await this.operator!.transferLeadership();
  }

  /** Before `victim` is lost: a framework on another master, one after the other, holds an offer. */
  async watchOffers(victim: Member): Promise<void> {
    await this.watch?.stop();
    const others = this.members.filter(({ id }) => id !== victim.id);
    this.watch = new OfferWatch(others[this.watches++ % others.length]!.address);
    await this.watch.start(OFFER_LIMIT_MS);
  }

  /**
   * Notes how long after its election the leader that followed the one lost at `sinceMs` sent its first offer; the
   * round waits for it. No offer counts as endless: leaving such rounds out would flatter the percentile.
   */
  async noteFirstOffer(sinceMs: number): Promise<void> {
    const { leader } = await this.operator!.status(STATUS_MS);
    if (leader === null) throw new Error('a leader was lost again before the round had ended');
    const ms = await this.watch!.afterElection(this.running().dir, leader, sinceMs, OFFER_LIMIT_MS);
    this.firstOfferMs.push(ms ?? Number.POSITIVE_INFINITY);
  }

  private resumeAll(): void {
    for (const id of this.paused) {
      try {
        this.resume(id);
      } catch {
        // Ctrl-C reaches `dev` too, which may have ended it already.
      }
    }
  }

  /** The processes that `dev` started end with it: each of them holds a pipe from it. */
  private reapWithUs(dev: ChildProcess): void {
    const reaper = new Reaper();
    const pid = dev.pid!;
    reaper.add(pid);
    dev.once('exit', () => reaper.remove(pid));
  }

  private running(): DevCluster {
    if (this.cluster === null) throw new Error('the group was not started');
    return this.cluster;
  }
}
