import { TepuiError, type Logger, type MemberId } from '../base/index.js';
import { GrpcDoor, HttpDoor, ZooKeeperDoor } from '../api/index.js';
import { agentHandlers } from '../api/grpc/agent.js';
import { schedulerHandlers } from '../api/grpc/scheduler.js';
import { lifelineFd, watchLifeline } from '../agent/index.js';
import { SYSTEM } from '../client/internal.js';
import { CoordinationService, type SaslUsers } from '../coordination/index.js';
import { AGENT_SERVICE_LIMITS, AgentService } from '../master/agents/index.js';
import {
  MASTER_LIMITS,
  createMaster,
  encodeReport,
  type Master,
  type VerdictListener,
} from '../master/index.js';
import { BackupSource, Member, REPLICA_LIMITS } from '../replica/index.js';
import { DEFAULT_LIMITS } from '../state/index.js';
import { FolderSource, openDataFolder, type DataFolder } from '../storage/index.js';
import { GrpcTransport } from '../transport/index.js';
import { loadTls, type TlsMaterial } from '../wire/index.js';
import { startBackups } from './backups/index.js';
import type { BackupSchedule } from './backups/schedule.js';
import { checkExposure, parseAddress } from './addresses.js';
import { CertificateWatch, type CertificateWatchOptions } from './certificates.js';
import { listenOf, type Listen } from './config/doors.js';
import { OFF, OPTIONAL_DOORS, type MasterConfig } from './config/schema.js';
import { saslUsersOf, wordsOf } from './config/zookeeper.js';
import { ticksOf } from './config/timing.js';
import { DivergenceGuard } from './divergence.js';
import { die, dieOnUncaught } from './fatal.js';
import { FolderSize } from './folder-size.js';
import { roomierHeap } from './heap.js';
import { fileLogger } from './logging.js';
import { checkPortsFree } from './ports.js';
import { openProcessFolder, writePid } from './process-folder.js';
import { release } from './release.js';

const SPACE_INTERVAL_MS = 5_000;
const CERTIFICATES_INTERVAL_MS = 5_000;
/** What a member tells the group when its disk is full; 0 would mean that it told nothing. */
const NO_ROOM_BYTES = 1;
/** A stop that takes longer than this hangs. */
const STOP_LIMIT_MS = 3_000;

function every(ms: number, callback: () => void): () => void {
  const timer = setInterval(callback, ms);
  return () => clearInterval(timer);
}

/** Runs a master as the business of this process, until a signal or the end of the lifeline. */
export async function runMaster(config: MasterConfig): Promise<void> {
  const listen = listenOf(config);
  const keys = ['grpc', 'peer', 'zookeeper', 'http'] as const;
  const doors = keys.map((key) => listen[key]).filter((address) => address !== null);
  const warnings = checkExposure(doors, config.tls !== undefined, config.insecure);
  // Whatever can be known to be wrong is, before the folder is touched.
  const tls = config.tls === undefined ? null : loadTls(config.tls);
  const saslUsers = saslUsersOf(config.zookeeper);
  for (const key of keys) {
    const address = listen[key];
    const other = `let \`listen.${key}\` in the configuration name another one`;
    const optional = OPTIONAL_DOORS.some((one) => one === key);
    const remedy = optional ? `${other}, or \`${OFF}\` for no such door` : other;
    if (address !== null) await checkPortsFree([address], remedy);
  }
  openProcessFolder(config.dataDir);
  const logger = fileLogger(config.dataDir, config.logLevel, { member: config.id });
  dieOnUncaught(logger);
  for (const warning of warnings) {
    process.stderr.write(`tepui: warning: ${warning}\n`);
    logger.warn({}, warning);
  }
  roomierHeap();
  const process_ = new MasterProcess(config, listen, { tls, saslUsers }, logger);
  await process_.start();
  const stop = () => process_.stop();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const fd = lifelineFd(process.env);
  if (fd !== undefined) watchLifeline(fd, stop);
}

/** What was read from files that the configuration names. */
interface Secrets {
  readonly tls: TlsMaterial | null;
  readonly saslUsers: SaslUsers;
}

/** The composition of one master: what is built first is stopped last. */
class MasterProcess {
  private readonly config: MasterConfig;
  private readonly listen: Listen;
  private readonly tls: TlsMaterial | null;
  private readonly saslUsers: SaslUsers;
  private readonly logger: Logger;
  private stops: (() => Promise<void> | void)[] = [];
  private stopping = false;
  private schedule: BackupSchedule | null = null;

  constructor(config: MasterConfig, listen: Listen, { tls, saslUsers }: Secrets, logger: Logger) {
    this.config = config;
    this.listen = listen;
    this.tls = tls;
    this.saslUsers = saslUsers;
    this.logger = logger;
  }

  async start(): Promise<void> {
    const { config, logger } = this;
    const context = { ...SYSTEM, logger };
    const disk = await openDataFolder({
      source: new FolderSource(config.dataDir),
      memberId: config.id as MemberId,
      random: SYSTEM.random,
      logger,
      onFailure: (error) => die(logger, error),
    });
    if (!disk.isFormed && Object.keys(config.members).length === 0 && config.join === undefined) {
      const message = `${config.dataDir} belongs to no group: name its founders (members), or join one (--join, --masters)`;
      throw new TepuiError('CONFIG', message);
    }
    writePid(config.dataDir);
    await disk.space.check();
    this.stops.push(every(SPACE_INTERVAL_MS, () => this.checkSpace(disk)));
    const replica = this.makeMember(disk);
    const machineLimits = { ...DEFAULT_LIMITS, memoryBudgetBytes: this.budgetBytes() };
    const { agentTimeoutMs, electionMs } = config.timing;
    const liveness = { ...MASTER_LIMITS.liveness, agentTimeoutMs, pauseMs: electionMs / 2 };
    const limits = { ...MASTER_LIMITS, liveness };
    const guard = this.makeGuard(disk, replica);
    const verdict: VerdictListener = (one, measured) => guard.judged(one, measured);
    const master = createMaster({ ...context, replica, machineLimits, limits, verdict });
    const agents = new AgentService(
      { ...context, replica },
      { ...AGENT_SERVICE_LIMITS, agentTimeoutMs },
      master.streams,
      master.liveness,
    );
    const backups = this.makeBackups(disk, replica);
    const door = this.makeDoor(replica, master, agents, backups);
    await replica.start();
    this.stops.push(() => replica.stop());
    master.start();
    this.stops.push(() => master.stop());
    agents.start();
    this.stops.push(() => agents.stop());
    await door.start();
    this.stops.push(() => door.stop());
    const zookeeper = this.makeZooKeeperDoor(replica, disk);
    if (zookeeper !== null) {
      await zookeeper.start();
      this.stops.push(() => zookeeper.stop());
    }
    const http = this.makeHttpDoor(replica, zookeeper);
    if (http !== null) {
      await http.start();
      this.stops.push(() => http.stop());
    }
    this.watchCertificates([door, zookeeper, http].filter((one) => one !== null));
    const { backup } = config;
    if (backup !== undefined) {
      const schedule = await startBackups(backup, { ...context, replica, source: backups });
      this.schedule = schedule;
      this.stops.push(() => schedule.stop());
    }
    logger.info({ listen: this.listen, boot: disk.identity.boot }, 'master started');
  }

  /** Leads on no longer, answers what it can, and ends the process. */
  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    this.stopAll().then(
      () => process.exit(0),
      (error: unknown) => die(this.logger, error),
    );
  }

  private async stopAll(): Promise<void> {
    for (const stop of this.stops.reverse()) await stop();
    this.logger.info({}, 'master stopped');
  }

  private makeMember(disk: DataFolder): Member {
    const { config, listen, tls, logger } = this;
    const { tickMs } = config.timing;
    const { heartbeatTicks, electionTicks } = ticksOf(config.timing);
    const { host, port } = parseAddress(listen.peer);
    const others = Object.entries(config.members).filter(([id]) => id !== config.id) as [MemberId, string][];
    return new Member({
      memberId: config.id as MemberId,
      peers: new Map(others),
      peersOnly: config.membersOnly,
      invitation:
        config.join === undefined ? null : { token: config.join.token, contacts: config.join.masters },
      doors: {
        http: config.advertise.http ?? listen.http,
        grpc: config.advertise.grpc ?? listen.grpc,
        zk: config.advertise.zookeeper ?? listen.zookeeper,
        peer: config.advertise.peer ?? config.members[config.id] ?? listen.peer,
      },
      release: release(),
      pid: process.pid,
      // Told to the group, which refuses growth beyond what its smallest member can hold.
      memoryBudgetBytes: () => (disk.space.growthRefused ? NO_ROOM_BYTES : this.budgetBytes()),
      disk,
      transport: (handlers) => new GrpcTransport({ host, port, tls, handlers, ...SYSTEM }),
      ...SYSTEM,
      logger,
      limits: { ...REPLICA_LIMITS, tickMs, electionTicks },
      machineLimits: DEFAULT_LIMITS,
      heartbeatTicks,
      leaseMs: config.timing.leaseMs ?? null,
      fatal: (error) => die(logger, error),
    });
  }

  private makeGuard(disk: DataFolder, replica: Member): DivergenceGuard {
    return new DivergenceGuard({
      status: () => replica.status(),
      handOver: (done) => replica.transferLeadership(null, done),
      discardState: () => disk.discardState(),
      fatal: (error) => die(this.logger, error),
      logger: this.logger,
    });
  }

  private makeBackups(disk: DataFolder, replica: Member): BackupSource {
    return new BackupSource({
      replica,
      identity: () => disk.identity,
      store: () => disk.state,
      release: release(),
      limits: REPLICA_LIMITS,
      ...SYSTEM,
    });
  }

  private makeDoor(replica: Member, master: Master, agents: AgentService, backups: BackupSource): GrpcDoor {
    const { host, port } = parseAddress(this.listen.grpc);
    return new GrpcDoor({
      host,
      port,
      tls: this.tls,
      replica,
      coordination: new CoordinationService(replica, SYSTEM.random, master.liveness),
      scheduler: schedulerHandlers(master.scheduler),
      agents: agentHandlers(agents, this.tls !== null),
      backups,
      warnings: () => this.schedule?.warnings() ?? [],
      every,
    });
  }

  private makeZooKeeperDoor(replica: Member, disk: DataFolder): ZooKeeperDoor | null {
    const { dataDir, zookeeper } = this.config;
    const listen = this.listen.zookeeper;
    if (listen === null) return null;
    const size = new FolderSize(dataDir, SYSTEM.clock);
    return new ZooKeeperDoor({
      ...parseAddress(listen),
      replica,
      node: () => disk.identity.nodeId,
      ...SYSTEM,
      logger: this.logger,
      every,
      tls: this.tls,
      limits: { minTimeoutMs: zookeeper.minSessionTimeoutMs, maxTimeoutMs: zookeeper.maxSessionTimeoutMs },
      maxConnections: zookeeper.maxConnections,
      maxConnectionsPerAddress: zookeeper.maxConnectionsPerAddress,
      readOnly: zookeeper.readOnly,
      words: wordsOf(zookeeper),
      superDigest: zookeeper.superDigest ?? null,
      saslUsers: this.saslUsers,
      release: release(),
      dataDir,
      dataBytes: () => size.bytes(),
      report: (sessions) =>
        replica.reportLiveness(encodeReport({ agents: [], frameworks: [], sessions: [...sessions] })),
    });
  }

  private makeHttpDoor(replica: Member, zookeeper: ZooKeeperDoor | null): HttpDoor | null {
    const { tls, logger } = this;
    const listen = this.listen.http;
    if (listen === null) return null;
    return new HttpDoor({
      ...parseAddress(listen),
      replica,
      zookeeper: zookeeper?.source ?? null,
      tls,
      logger,
    });
  }

  private watchCertificates(doors: CertificateWatchOptions['doors']): void {
    const { tls: material, logger } = this;
    const { tls: files } = this.config;
    if (files === undefined || material === null) return;
    const watch = new CertificateWatch({ files, material, doors, logger });
    this.stops.push(every(CERTIFICATES_INTERVAL_MS, () => watch.look()));
  }

  private budgetBytes(): number {
    return this.config.memoryBudgetMb * 2 ** 20;
  }

  private checkSpace(disk: DataFolder): void {
    disk.space.check().catch((error: unknown) => die(this.logger, error));
  }
}
