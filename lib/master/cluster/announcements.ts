import type { ClusterId, TimerHandle } from '../../base/index.js';
import type { LeadershipView } from '../../replica/types.js';
import {
  COMMAND_LEVEL,
  type DoorAddresses,
  type MachineLimits,
  type MemberInfo,
  type MemberView,
  type PlainCommand,
  type StateEvent,
} from '../../state/index.js';
import { proposeCommand, type MasterContext } from '../context.js';

export interface AnnouncementOptions {
  /** In force for the whole group once its first leader has committed them. */
  readonly machineLimits: MachineLimits;
  readonly retryMs: number;
  /** How often a change of this member itself is looked for: its budget shrinks when its disk is full. */
  readonly lookMs: number;
}

/**
 * Opens the group's record (`cluster-init`, once, by its first leader) and keeps this member's own line in it
 * true (`member-info`, at each start and change).
 */
export class Announcements {
  private readonly context: MasterContext;
  private readonly options: AnnouncementOptions;
  private inFlight = false;
  private retry: TimerHandle | null = null;
  private look: TimerHandle | null = null;

  constructor(context: MasterContext, options: AnnouncementOptions) {
    this.context = context;
    this.options = options;
  }

  start(): void {
    this.look = this.context.timers.after(this.options.lookMs, () => {
      this.start();
      if (this.retry === null) this.check();
    });
  }

  stop(): void {
    for (const timer of [this.retry, this.look]) timer?.cancel();
    this.retry = null;
    this.look = null;
  }

  applied(events: readonly StateEvent[]): void {
    if (events.some((event) => event.kind === 'cluster-formed' || event.kind === 'member-changed'))
      this.check();
  }

  /** Proposes what the machine does not say yet. Called whenever leadership changes. */
  check(): void {
    if (this.inFlight) return;
    const command = this.missing(this.context.replica.leadership());
    if (command === null) return;
    this.inFlight = true;
    proposeCommand(this.context, command, (outcome) => {
      this.inFlight = false;
      if (outcome.kind === 'applied' && outcome.result.ok) this.check();
      else this.again(outcome);
    });
  }

  private again(outcome: object): void {
    this.context.logger.warn({ outcome }, 'this member could not announce itself; tried again');
    this.retry ??= this.context.timers.after(this.options.retryMs, () => {
      this.retry = null;
      this.check();
    });
  }

  private missing(view: LeadershipView): PlainCommand | null {
    const { machine } = this.context.replica;
    if (view.kind !== 'leading' && view.kind !== 'following') return null;
    const { clusterId } = this.context.replica.status();
    if (machine.cluster.clusterId === null) {
      return view.kind === 'leading' && clusterId !== null ? this.clusterInit(clusterId as ClusterId) : null;
    }
    const own = this.ownInfo();
    return sameInfo(machine.cluster.member(own.node), own) ? null : own;
  }

  private clusterInit(clusterId: ClusterId): PlainCommand {
    return { kind: 'cluster-init', clusterId, limits: this.options.machineLimits };
  }

  private ownInfo(): MemberInfo {
    const { self } = this.context.replica.status();
    const { http, grpc, peer, zk } = self.doors;
    return {
      kind: 'member-info',
      node: self.nodeId,
      member: self.memberId,
      doors: { http: http ?? '', grpc: grpc ?? '', peer: peer ?? '', zookeeper: zk ?? '' },
      release: self.release,
      commandLevel: COMMAND_LEVEL,
      memoryBudgetBytes: self.memoryBudgetBytes,
    };
  }
}

function sameInfo(known: MemberView | null, own: MemberInfo): boolean {
  return (
    known !== null &&
    known.member === own.member &&
    known.release === own.release &&
    known.commandLevel === own.commandLevel &&
    known.memoryBudgetBytes === own.memoryBudgetBytes &&
    sameDoors(known.doors, own.doors)
  );
}

function sameDoors(a: DoorAddresses, b: DoorAddresses): boolean {
  return a.http === b.http && a.grpc === b.grpc && a.peer === b.peer && a.zookeeper === b.zookeeper;
}
