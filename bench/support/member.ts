import { pino } from 'pino';
import type { MemberId } from '../../lib/base/index.js';
import { SYSTEM } from '../../lib/client/internal.js';
import { Member, REPLICA_LIMITS } from '../../lib/replica/index.js';
import { DEFAULT_LIMITS } from '../../lib/state/index.js';
import { FolderSource, openDataFolder } from '../../lib/storage/index.js';
import { GrpcTransport } from '../../lib/transport/index.js';
import type { MemberSetup } from './member-process.js';
import { TimedSource } from './timed-source.js';

/** One member in this process: replica, storage and transport as a master has them, without its doors. */
async function startMember(
  { id, folder, address, peers }: MemberSetup,
  synced: (database: string, durationMs: number) => void,
): Promise<Member> {
  const { clock, timers, random } = SYSTEM;
  const logger = pino({ level: 'warn' }, pino.destination(2));
  const fatal = (error: unknown): never => {
    logger.error({ err: error }, 'bench member failed');
    process.exit(6);
  };
  const memberId = id as MemberId;
  const source = new TimedSource(new FolderSource(folder), synced);
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

/** Carries out one kind of order; only the caller knows which. */
type Obey = (order: never) => Promise<object>;

/** Runs the member that the parent described and answers its orders, one at a time, until it says stop. */
export async function serveOrders(
  obeying: (member: Member) => Obey,
  synced: (database: string, durationMs: number) => void = () => undefined,
): Promise<void> {
  const member = await startMember(JSON.parse(process.argv[2]!) as MemberSetup, synced);
  const obey = obeying(member);
  process.on('message', (order: { readonly kind: string }) => {
    if (order.kind === 'stop') void member.stop().then(() => process.exit(0));
    else void obey(order as never).then((answer) => process.send!(answer));
  });
  process.send!({ kind: 'started' });
}
