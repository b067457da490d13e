import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { Random } from '../../lib/base/index.js';
import {
  Operator,
  type ChangeMembersReply,
  type ChangeMembersRequest,
  type ClusterStatus,
} from '../../lib/client/index.js';
import type { Children, ChildSpec } from '../../lib/node/dev/children.js';
import { tepuiChildren } from '../../lib/node/dev/launch.js';
import { shutDown } from '../../lib/node/dev/shutdown.js';
import { configFiles, type DevPlan, type MasterPlan } from '../../lib/node/dev/plan.js';
import type { Member } from '../zookeeper/session.js';
import { Network, linksAmong } from '../faults/network.js';
import { choosePorts } from './ports.js';
import { SmallDisks } from './small-disks.js';
import { FairClock } from './fair-clock.js';
import { brokenInvariant } from './utterances.js';
import { waitFor } from './wait.js';

const AGENTS = ['a1', 'a2'];
const START_LIMIT_MS = 40_000;
const STATUS_MS = 1000;
/** A master that ends itself more often does not repair what it found. */
const MOST_ENDS = 4;

interface Supervision {
  /** Null: in any way. */
  readonly exitCode: number | null;
  /** Started again by us, as a supervisor of services would. */
  readonly restart: boolean;
  ends: number;
}

/** Masters and agents as processes of ours, with a proxy on every link between two masters. */
export class Cluster {
  readonly dir: string;
  readonly masters: readonly string[];
  readonly agents: readonly string[] = AGENTS;
  /** A master that runs only while a fault has it join; clients are not told of it. */
  readonly spare: string;
  readonly network: Network;
  /** gRPC doors of the masters, in their order. */
  readonly addresses: readonly string[];
  /** Their doors for ZooKeeper clients. */
  readonly zookeeper: readonly Member[];
  /** Processes that ended without our doing. */
  readonly unexpectedExits: string[] = [];
  /** Stands still while our processes wait for a processor. */
  readonly clock: FairClock = new FairClock(() => [...this.pids().values()]);
  private readonly children: Children;
  private readonly specs: ReadonlyMap<string, ChildSpec>;
  private readonly plan: DevPlan;
  private readonly sparePlace: MasterPlan;
  private readonly disks: SmallDisks | null;
  private readonly operator: Operator;
  /** Masters that may end themselves for a while, and how. */
  private readonly supervisions: Map<string, Supervision> = new Map();
  /** Processes that we are killing: their end is no surprise. */
  private readonly doomed: Set<number> = new Set();
  private exits: (() => void)[] = [];
  private stopping = false;

  private constructor(
    dir: string,
    plan: DevPlan,
    spare: MasterPlan,
    network: Network,
    disks: SmallDisks | null,
  ) {
    this.dir = dir;
    this.masters = plan.masters.map(({ id }) => id);
    this.spare = spare.id;
    this.sparePlace = spare;
    this.disks = disks;
    this.plan = plan;
    this.network = network;
    this.addresses = plan.masters.map(({ grpc }) => grpc);
    this.zookeeper = plan.masters.map(({ id, zookeeper }) => ({ id, address: zookeeper }));
    this.operator = new Operator({ addresses: this.addresses });
    this.children = tepuiChildren(false, ({ id, pid, how }) => this.exited(id, pid ?? 0, how));
    const spec = (command: string) => (one: { readonly id: string; readonly folder: string }) => {
      const args = [command, '--config', path.join(one.folder, 'config.yaml')];
      return [one.id, { id: one.id, folder: one.folder, args }] as const;
    };
    this.specs = new Map([
      ...[...plan.masters, spare].map(spec('master')),
      ...plan.agents.map(spec('agent')),
    ]);
  }

  /** With `smallDisks`, the folder of each of the `size` masters is a file system of its own. */
  static async create(dir: string, random: Random, size: number, smallDisks: boolean): Promise<Cluster> {
    const ids = Array.from({ length: size + 1 }, (_, i) => `m${i + 1}`);
    const founders = ids.slice(0, size);
    const links = linksAmong(founders);
    const ports = await choosePorts(3 * ids.length + links.length, random);
    const [grpc, peer, zookeeper] = [1, 2, 3].map(() => ports.splice(0, ids.length)) as [
      number[],
      number[],
      number[],
    ];
    const network = new Network(founders, ports, new Map(founders.map((id, i) => [id, peer[i]!])));
    const folder = (id: string) => path.join(dir, id);
    const masters = ids.map((id, i) => {
      const [grpcPort, peerPort, zookeeperPort] = [grpc[i]!, peer[i]!, zookeeper[i]!];
      return {
        id,
        folder: folder(id),
        grpc: `127.0.0.1:${grpcPort}`,
        peer: `127.0.0.1:${peerPort}`,
        zookeeper: `127.0.0.1:${zookeeperPort}`,
      };
    });
    const spare = masters.pop()!;
    const plan: DevPlan = {
      masters,
      agents: AGENTS.map((id) => ({ id, folder: folder(id) })),
      sampleFolder: folder('sample'),
    };
    const disks = smallDisks ? new SmallDisks(plan.masters.map((master) => master.folder)) : null;
    return new Cluster(dir, plan, spare, network, disks);
  }

  /** Resolves when there is a leader and every agent is registered. */
  async start(): Promise<void> {
    this.disks?.mount();
    this.clock.start();
    await this.network.open();
    for (const [file, value] of configFiles(this.plan)) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, stringify({ ...(value as object), ...this.membersFor(path.dirname(file)) }));
    }
    for (const [id, spec] of this.specs) if (id !== this.spare) this.children.start(spec);
    await this.awaitServing(START_LIMIT_MS);
    await this.waitFor('every agent is registered', START_LIMIT_MS, async () => {
      const { items } = await this.operator.agents();
      return items.length >= AGENTS.length ? items : null;
    });
  }

  status(): Promise<ClusterStatus> {
    return this.operator.status(STATUS_MS);
  }

  /** Resolves to the leader's id. */
  awaitLeader(limitMs: number): Promise<string> {
    return this.waitFor('a master leads', limitMs, async () => (await this.status()).leader);
  }

  /** Resolves when each of these masters runs, has a vote, and follows or leads; agents may still be on their way. */
  async awaitServing(
    limitMs: number,
    signal?: AbortSignal,
    wanted: readonly string[] = this.masters,
  ): Promise<void> {
    const look = async (): Promise<string | null> => {
      const { leader, members } = await this.status();
      const able = members.filter(({ role, healthy, voter }) => {
        return healthy && voter && (role === 'leader' || role === 'follower');
      });
      const serving = new Set<string>(able.map(({ id }) => id));
      return leader !== null && wanted.every((id) => serving.has(id)) ? leader : null;
    };
    await this.waitFor(`${wanted.join(', ')} serve`, limitMs, look, signal);
  }

  /** The data folder of a master, or of an agent. */
  folder(id: string): string {
    return path.join(this.dir, id);
  }

  /** Resolves when the group has applied something new on `id`, and `ms` have passed. */
  async progress(id: string, ms: number): Promise<void> {
    const applied = async (): Promise<number> => {
      const { members } = await this.status();
      return members.find((member) => member.id === id)?.appliedIndex ?? 0;
    };
    const before = await applied();
    await pause(ms);
    await this.waitFor(`${id} applies something`, START_LIMIT_MS, async () =>
      (await applied()) > before ? true : null,
    );
  }

  /** Who has a vote, as each member says of itself. */
  async voters(): Promise<string[]> {
    const { members } = await this.status();
    return members.filter(({ voter, healthy }) => voter && healthy).map(({ id }) => id);
  }

  /** As an operator would: repeated while a leader is missing, or another change is under way. */
  changeMembers(change: ChangeMembersRequest): Promise<ChangeMembersReply> {
    let refusal = '';
    const attempt = async (): Promise<ChangeMembersReply | null> => {
      try {
        return await this.operator.changeMembers(change);
      } catch (error) {
        refusal = String(error);
        return null;
      }
    };
    return this.waitFor(`${change.kind} of a member is done`, START_LIMIT_MS, attempt).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}: ${refusal}`);
      },
    );
  }

  /** Starts `id` on an empty folder, with a token that lets it in. */
  join(id: string, token: string): void {
    const place = id === this.spare ? this.sparePlace : this.plan.masters.find((master) => master.id === id)!;
    const { folder, grpc, peer, zookeeper } = place;
    const masters = this.plan.masters.filter((master) => master.id !== id).map((master) => master.peer);
    const listen = { grpc, peer, zookeeper, http: 'off' };
    const limits = { maxConnectionsPerAddress: 0 };
    const own = { id, dataDir: folder, listen, zookeeper: limits, join: { token, masters } };
    mkdirSync(folder, { recursive: true });
    const members = id === this.spare ? {} : this.membersFor(folder);
    writeFileSync(path.join(folder, 'config.yaml'), stringify({ ...own, ...members }));
    this.children.start(this.specs.get(id)!);
  }

  pid(id: string): number | null {
    return this.children.pid(id);
  }

  /** Of masters and agents that live. */
  pids(): Map<string, number> {
    const pids = [...this.specs.keys()].map((id) => [id, this.children.pid(id)] as const);
    return new Map(pids.flatMap(([id, pid]) => (pid === null ? [] : [[id, pid] as const])));
  }

  /** By the clock of the cluster; see there. */
  waitFor<T>(
    what: string,
    limitMs: number,
    look: () => T | null | Promise<T | null>,
    signal?: AbortSignal,
  ): Promise<T> {
    return waitFor(this.clock, what, limitMs, look, signal);
  }

  /** The pid that the process itself wrote down at its start. */
  writtenPid(id: string): number {
    return Number(readFileSync(path.join(this.dir, id, 'pid'), 'utf8'));
  }

  signal(id: string, signal: NodeJS.Signals): number {
    const pid = this.children.pid(id);
    if (pid === null) throw new Error(`${id} does not run`);
    process.kill(pid, signal);
    return pid;
  }

  /** Resolves with the pid that was killed, when it is gone. */
  async kill(id: string): Promise<number> {
    const pid = this.children.pid(id);
    if (pid === null) throw new Error(`${id} does not run`);
    this.doomed.add(pid);
    const gone = this.children.end([id], 'SIGKILL', START_LIMIT_MS);
    if (!(await gone)) throw new Error(`${id} (pid ${pid}) outlived SIGKILL by ${START_LIMIT_MS} ms`);
    return pid;
  }

  startAgain(id: string): void {
    if (!this.stopping && this.children.pid(id) === null) this.children.start(this.specs.get(id)!);
  }

  /** Until told otherwise, `id` may end itself with this code: it is started again. */
  supervise(id: string, exitCode: number): void {
    this.supervisions.set(id, { exitCode, restart: true, ends: 0 });
  }

  /** Until told otherwise, `id` may end itself with this code (null: in any way), and stays down. */
  expectEnd(id: string, exitCode: number | null): void {
    this.supervisions.set(id, { exitCode, restart: false, ends: 0 });
  }

  /** How often `id` ended itself since. */
  supervised(id: string): number {
    return this.supervisions.get(id)?.ends ?? 0;
  }

  unsupervise(id: string): void {
    this.supervisions.delete(id);
  }

  /** Calls back at the first end of a process that nobody asked for. */
  onUnexpectedExit(callback: () => void): void {
    this.exits.push(callback);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.clock.stop();
    this.wakeAll();
    this.network.healAll();
    this.operator.close();
    await this.children.end([this.spare], 'SIGKILL', STATUS_MS);
    await shutDown(this.plan, this.children);
    this.network.close();
    this.disks?.unmount();
  }

  /** The last resort when this process ends: agents end their tasks when the pipe from here breaks. */
  abandon(): void {
    this.stopping = true;
    this.wakeAll();
    for (const id of [...this.masters, this.spare]) {
      const pid = this.children.pid(id);
      if (pid !== null) trySignal(pid, 'SIGKILL');
    }
  }

  /** A stopped process hears no other signal than SIGKILL. */
  private wakeAll(): void {
    for (const id of this.specs.keys()) {
      const pid = this.children.pid(id);
      if (pid !== null) trySignal(pid, 'SIGCONT');
    }
  }

  /** What the master is told of the others: the proxies on its way to them. */
  private membersFor(folder: string): { members?: Record<string, string>; membersOnly?: boolean } {
    const self = this.plan.masters.find((master) => master.folder === folder);
    if (self === undefined) return {};
    const others = this.network.linksFrom(self.id).map((link) => {
      return [link.to, `127.0.0.1:${this.network.link(link).port}`] as const;
    });
    // Else they would dial each other past the proxies.
    return { members: { [self.id]: self.peer, ...Object.fromEntries(others) }, membersOnly: true };
  }

  private exited(id: string, pid: number, how: string): void {
    if (this.stopping || this.doomed.has(pid)) return;
    const supervision = this.supervisions.get(id);
    const broken = brokenInvariant(this.folder(id));
    if (supervision !== undefined && broken === null && isExpected(supervision, how)) {
      supervision.ends++;
      if (supervision.restart) this.startAgain(id);
      return;
    }
    this.unexpectedExits.push(
      `${id} (pid ${pid}) ended by itself: ${how}${broken === null ? '' : `; ${broken}`}`,
    );
    for (const callback of this.exits) callback();
    // The run goes on: what its end led to is judged as well.
    this.startAgain(id);
  }
}

/** `how` is "exit N" and perhaps what was said last, or a signal. */
function isExpected({ exitCode, ends }: Supervision, how: string): boolean {
  const code = /^exit (\d+)/.exec(how)?.[1];
  return ends < MOST_ENDS && (exitCode === null || code === String(exitCode));
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
