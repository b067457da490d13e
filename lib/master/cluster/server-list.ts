import { memberOf, utf8Decode, type MemberId, type TimerHandle } from '../../base/index.js';
import type { GroupMembers } from '../../replica/types.js';
import {
  serverLines,
  serversIn,
  SYSTEM,
  type Machine,
  type MemberView,
  type PlainCommand,
  type Server,
} from '../../state/index.js';
import { proposeCommand, type MasterContext } from '../context.js';
import type { LeaderLoop } from '../leader-loop.js';

export interface ServerListLimits {
  /** How soon after a change of the members it is told. */
  readonly lookMs: number;
  /** What came to nothing is repeated after this long: a member of an earlier release may be in the way. */
  readonly retryMs: number;
}

export const SERVER_LIST_LIMITS: ServerListLimits = { lookMs: 50, retryMs: 1_000 };

/**
 * Keeps `/zookeeper/config` true: the members by the configuration that is in force for good, with the addresses that
 * they told. Where nobody has a door for clients of ZooKeeper, there is nobody to be told.
 */
export class ServerList implements LeaderLoop {
  private readonly context: MasterContext;
  private readonly limits: ServerListLimits;
  private timer: TimerHandle | null = null;
  private term: number | null = null;
  private inFlight = false;
  private notBeforeMs = 0;

  constructor(context: MasterContext, limits: ServerListLimits) {
    this.context = context;
    this.limits = limits;
  }

  start(term: number): void {
    this.term = term;
    this.inFlight = false;
    this.notBeforeMs = 0;
    this.arm();
  }

  stop(): void {
    this.term = null;
    this.timer?.cancel();
    this.timer = null;
  }

  private arm(): void {
    this.timer = this.context.timers.after(this.limits.lookMs, () => {
      this.arm();
      this.look();
    });
  }

  private look(): void {
    const { replica, clock } = this.context;
    if (this.inFlight || clock.monotonicMs() < this.notBeforeMs) return;
    const { group } = replica.status();
    const command = group === null ? null : missing(replica.machine, group);
    if (command === null) return;
    const { term } = this;
    this.inFlight = true;
    proposeCommand(this.context, command, (outcome) => {
      if (this.term !== term) return;
      this.inFlight = false;
      if (outcome.kind === 'applied' && outcome.result.ok) return;
      this.notBeforeMs = clock.monotonicMs() + this.limits.retryMs;
    });
  }
}

/** What has to be written for the node to be true; null: nothing. */
function missing(machine: Machine, group: GroupMembers): PlainCommand | null {
  if (group.changing) return null;
  const servers = serversOf(machine, group);
  // Whoever has not told where it is will.
  if (servers === null || servers.every(({ doors }) => doors.zookeeper === '')) return null;
  const lines = serverLines(servers);
  const node = machine.tree.get(SYSTEM.config);
  if (node !== null && serversIn(utf8Decode(node.data)) === lines) return null;
  return { kind: 'coordination-members', servers: lines, mzxid: node?.stat.mzxid ?? 0 };
}

function serversOf(machine: Machine, { voters, learners }: GroupMembers): Server[] | null {
  const known = new Map<MemberId, MemberView>();
  for (const view of machine.cluster.members()) {
    const id = memberOf(view.node);
    // Of several folders, the one that told last.
    if ((known.get(id)?.revision ?? -1) < view.revision) known.set(id, view);
  }
  const servers: Server[] = [];
  for (const member of [...voters, ...learners]) {
    const view = known.get(member);
    if (view === undefined) return null;
    servers.push({ member, votes: voters.includes(member), doors: view.doors });
  }
  return servers;
}
