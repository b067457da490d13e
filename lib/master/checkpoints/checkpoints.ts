import type { NodeId, TimerHandle } from '../../base/index.js';
import type { DigestVerdict, MemberView, StateEvent } from '../../state/index.js';
import { proposeCommand, type MasterContext } from '../context.js';
import type { LeaderLoop } from '../leader-loop.js';
import { AlarmKeeper } from './alarm-keeper.js';

export interface CheckpointOptions {
  /** Between two checkpoints. */
  readonly intervalMs: number;
  /** A report of a digest that came to nothing is repeated after this long, a few times. */
  readonly retryMs: number;
  /** On every member, when the verdict on a checkpoint stops being open. */
  readonly verdict: VerdictListener;
}

/**
 * `measured` is this member's own digest there, taken since its state was loaded; null: none. What the record says
 * of it may be older: a member that gave its state up finds there what the former one was.
 */
export type VerdictListener = (verdict: DigestVerdict, measured: string | null) => void;

const REPORT_ATTEMPTS = 5;

/**
 * Compares the members' copies of the machine: at each committed checkpoint every member takes its digest at
 * exactly that index and reports it, and all see the same table.
 */
export class Checkpoints implements LeaderLoop {
  private readonly context: MasterContext;
  private readonly options: CheckpointOptions;
  private readonly alarm: AlarmKeeper;
  private timer: TimerHandle | null = null;
  /** Index of the last checkpoint whose verdict was told. */
  private toldIndex = 0;
  /** Own digests of the state in force, by index; those of the checkpoints that are kept. */
  private readonly measured: Map<number, string> = new Map();

  constructor(context: MasterContext, options: CheckpointOptions) {
    this.context = context;
    this.options = options;
    this.alarm = new AlarmKeeper(context, options.retryMs, () => this.verdicts());
  }

  start(term: number): void {
    this.alarm.start(term);
    this.arm();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.alarm.stop();
  }

  /** Every member: a cut of its state at `index` is durable. Reported if it was taken for a checkpoint. */
  cut(index: number, digest: string): void {
    const kept = this.context.replica.machine.checkpoints.list();
    if (!kept.some((one) => one.index === index)) return;
    for (const old of this.measured.keys()) if (old < kept[0]!.index) this.measured.delete(old);
    this.measured.set(index, digest);
    this.reportDigest(index, digest);
  }

  /** Every member: another state took the place of the one that was measured. */
  reset(): void {
    this.measured.clear();
  }

  /** Every member: its own digest of the state at `index`, the index of a checkpoint. */
  reportDigest(index: number, digest: string, attempt: number = 0): void {
    const node = this.context.replica.status().self.nodeId;
    proposeCommand(this.context, { kind: 'checkpoint-digest', node, index, digest }, (outcome) => {
      if (outcome.kind === 'applied' || attempt + 1 >= REPORT_ATTEMPTS) return;
      this.context.timers.after(this.options.retryMs, () => this.reportDigest(index, digest, attempt + 1));
    });
  }

  applied(events: readonly StateEvent[]): void {
    if (!events.some((event) => event.kind === 'checkpoint-digest')) return;
    for (const verdict of this.verdicts()) {
      if (verdict.kind === 'open' || verdict.index < this.toldIndex) continue;
      if (verdict.index === this.toldIndex && isUnanimous(verdict)) continue;
      this.toldIndex = verdict.index;
      this.tell(verdict);
    }
    this.alarm.review();
  }

  private arm(): void {
    this.timer = this.context.timers.after(this.options.intervalMs, () => {
      this.arm();
      // One that fails is not repeated: the next interval brings another.
      proposeCommand(this.context, { kind: 'checkpoint' }, () => {});
    });
  }

  private verdicts(): DigestVerdict[] {
    return this.context.replica.machine.checkpoints.verdicts(this.voters());
  }

  /** Whose digests make a majority: the nodes that the voters run as. */
  private voters(): NodeId[] {
    const { members } = this.context.replica.status();
    const voters = new Map(members.filter(({ voter }) => voter).map(({ id, hello }) => [id, hello?.nodeId]));
    const known = this.context.replica.machine.cluster.members();
    // A member may be on record with a folder that it has no more.
    const votes = ({ member, node }: MemberView): boolean => (voters.get(member) ?? node) === node;
    return known.filter((one) => voters.has(one.member) && votes(one)).map(({ node }) => node);
  }

  private tell(verdict: DigestVerdict): void {
    if (isUnanimous(verdict)) this.context.logger.debug({ verdict }, 'the members agree');
    else this.context.logger.error({ verdict }, 'members differ: their machines have diverged');
    this.options.verdict(verdict, this.measured.get(verdict.index) ?? null);
  }
}

function isUnanimous(verdict: DigestVerdict): boolean {
  return verdict.kind === 'majority' && verdict.differing.length === 0;
}
