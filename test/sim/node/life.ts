import { assert, type Logger, type MemberId, type NodeId, type Random } from '../../../lib/base/index.js';
import { CoordinationService } from '../../../lib/coordination/index.js';
import { AGENT_SERVICE_LIMITS, AgentService } from '../../../lib/master/agents/index.js';
import { MASTER_LIMITS, createMaster, type Master } from '../../../lib/master/index.js';
import { DivergenceGuard } from '../../../lib/node/divergence.js';
import { Member } from '../../../lib/replica/index.js';
import { DEFAULT_LIMITS, type DigestVerdict } from '../../../lib/state/index.js';
import { openDataFolder, type DataFolder } from '../../../lib/storage/index.js';
import { TRANSPORT_TIMINGS } from '../../../lib/transport/index.js';
import type { PeerHello, TransportHandlers } from '../../../lib/transport/types.js';
import { PeerTransport } from '../../../lib/transport/peer-transport.js';
import type { PeerWire } from '../../../lib/transport/wire.js';
import { SessionDoor } from './coordination/door.js';
import type { NodeDisk } from './disk.js';
import type { Host } from './host.js';
import type { NodeOptions } from './options.js';

/** As in `lib/node/master-process.ts`. */
const NO_ROOM_BYTES = 1;
const SPACE_INTERVAL_MS = 5_000;

/** Looks more often than a real one, so that nodes are collected within a run. */
const COLLECTOR = { intervalMs: 1_500, nodesPerRound: 1_000, unusedMs: 5_000 };

export interface LifeOptions {
  readonly id: MemberId;
  readonly address: string;
  readonly peers: ReadonlyMap<MemberId, string>;
  /** Of a member that did not found the group. */
  readonly token: string | null;
  readonly host: Host;
  readonly disk: NodeDisk;
  readonly wire: PeerWire;
  readonly random: Random;
  readonly logger: Logger;
  readonly options: NodeOptions;
  /** The process ends by itself. */
  readonly fatal: (error: unknown) => void;
  /** A member was made, and has not started. */
  readonly member: (member: Member, formed: boolean) => void;
  /** Another member said who it is. */
  readonly met: (folder: NodeId) => void;
  /** Its consensus runs, and has not been given anything. */
  readonly running: (member: Member) => void;
}

/** What a master's doors offer, once it serves. */
export interface Doors {
  readonly folder: DataFolder;
  readonly member: Member;
  readonly master: Master;
  readonly agents: AgentService;
  readonly coordination: CoordinationService;
  /** Where clients of ZooKeeper's protocol connect, in runs that have some. */
  readonly sessions: SessionDoor | null;
}

/** One life of a master: the parts of `lib/node/master-process.ts`, from opening the folder to the end. */
export class Life {
  readonly host: Host;
  /** Null until the doors are open. */
  doors: Doors | null = null;
  /** Set as soon as there is one, before the doors. */
  member: Member | null = null;
  private readonly life: LifeOptions;

  constructor(life: LifeOptions) {
    this.life = life;
    this.host = life.host;
  }

  start(): void {
    this.open().catch((error: unknown) => this.life.fatal(error));
  }

  private async open(): Promise<void> {
    const { id, host, disk, random, logger, options, fatal } = this.life;
    const folder = await openDataFolder({
      source: disk.source(host),
      memberId: id,
      random,
      logger,
      onFailure: fatal,
      wait: (delayMs) => new Promise((resolve) => host.after(delayMs, resolve)),
    });
    await folder.space.check();
    this.watchSpace(folder);
    const member = this.makeMember(folder);
    this.member = member;
    this.life.member(member, folder.log !== null);
    whenRunning(member, () => this.life.running(member));
    const guard = new DivergenceGuard({
      status: () => member.status(),
      handOver: (done) => member.transferLeadership(null, done),
      discardState: () => folder.discardState(),
      fatal,
      logger,
    });
    const context = { replica: member, clock: host, timers: host, random, logger };
    const master = createMaster({
      ...context,
      machineLimits: DEFAULT_LIMITS,
      limits: { ...MASTER_LIMITS, checkpointIntervalMs: options.checkpointMs, collector: COLLECTOR },
      verdict: (verdict: DigestVerdict, measured: string | null) => guard.judged(verdict, measured),
    });
    const agents = new AgentService(context, AGENT_SERVICE_LIMITS, master.streams, master.liveness);
    const coordination = new CoordinationService(member, random, master.liveness);
    const sessions =
      options.sessions.clients > 0 ? new SessionDoor(host, member, folder, random, logger) : null;
    await member.start();
    master.start();
    agents.start();
    await sessions?.start();
    this.doors = { folder, member, master, agents, coordination, sessions };
  }

  private observed(handlers: TransportHandlers): TransportHandlers {
    const judge = (hello: PeerHello): ReturnType<TransportHandlers['judge']> => {
      this.life.met(hello.nodeId);
      return handlers.judge(hello);
    };
    return { ...handlers, judge };
  }

  private watchSpace(folder: DataFolder): void {
    this.host.after(SPACE_INTERVAL_MS, () => {
      folder.space.check().then(() => this.watchSpace(folder), this.life.fatal);
    });
  }

  private makeMember(folder: DataFolder): Member {
    const { id, address, peers, token, host, wire, random, logger, options, fatal } = this.life;
    assert(!peers.has(id), `${id} is its own peer`);
    return new Member({
      memberId: id,
      peers,
      invitation: token === null ? null : { token, contacts: [...peers.values()] },
      doors: { http: null, grpc: null, zk: null, peer: address },
      release: '0.1.0',
      pid: 1,
      memoryBudgetBytes: () => (folder.space.growthRefused ? NO_ROOM_BYTES : 1 << 30),
      disk: folder,
      transport: (handlers) =>
        new PeerTransport({
          wire,
          handlers: this.observed(handlers),
          clock: host,
          timers: host,
          random,
          timings: TRANSPORT_TIMINGS,
        }),
      clock: host,
      timers: host,
      random,
      logger,
      limits: options.limits,
      machineLimits: DEFAULT_LIMITS,
      heartbeatTicks: options.heartbeatTicks,
      fatal,
    });
  }
}

/** Calls back as soon as a member drives consensus: at its start, or when its group is formed. */
function whenRunning(member: Member, callback: () => void): void {
  const inside = member as unknown as { run(founded: boolean): void };
  const run = inside.run.bind(member);
  inside.run = (founded) => {
    run(founded);
    callback();
  };
}
