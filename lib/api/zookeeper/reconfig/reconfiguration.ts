import type { ErrorCode } from '../../../base/index.js';
import type { ChangeReply, Replica } from '../../../replica/index.js';
import { SYSTEM, type Identity, type Machine } from '../../../state/index.js';
import { ZK_ERROR, type ReconfigRequest, type ZkError } from '../../../wire/zookeeper/index.js';
import type { ReadAnswer } from '../reads.js';
import { writeNodeStat } from '../stat.js';
import { judgeReconfig, shows, type Wanted } from './judge.js';

const LOOK_MS = 20;
/** The leader writes a change down within a twentieth of a second, unless it is lost just then. */
const LOOKS = 250;

/** What ZooKeeper calls what the group refuses; of all else nobody knows here what becomes of it. */
const REFUSALS: Partial<Readonly<Record<ErrorCode, ZkError>>> = {
  QUORUM_AT_RISK: ZK_ERROR.newConfigNoQuorum,
  CHANGE_PENDING: ZK_ERROR.reconfigInProgress,
  BAD_VERSION: ZK_ERROR.badVersion,
  UNKNOWN_MEMBER: ZK_ERROR.badArguments,
  INVALID_ARGUMENT: ZK_ERROR.badArguments,
  UNSUPPORTED: ZK_ERROR.unimplemented,
};

export interface ReconfigurationHost {
  readonly replica: Replica;
  readonly every: (ms: number, callback: () => void) => () => void;
}

/** The answer, and the state that it is of; null: whether it is done is not known. */
export type ReconfigDone = (answer: ReadAnswer | null, machine: Machine) => void;

/** Changes of the members that clients of ZooKeeper ask for. */
export class Reconfiguration {
  private readonly host: ReconfigurationHost;
  private readonly stops: Set<() => void> = new Set();

  constructor(host: ReconfigurationHost) {
    this.host = host;
  }

  /** Answers with the configuration once the tree shows it here. */
  run(request: ReconfigRequest, identities: readonly Identity[], done: ReconfigDone): void {
    const { replica } = this.host;
    const wanted = judgeReconfig(replica.machine, identities, request);
    if (typeof wanted === 'number') return done(wanted, replica.machine);
    replica.changeMembers({ kind: 'reconfigure', from: wanted.from, ...wanted.to }, (reply) => {
      if (reply.ok) this.await(wanted, done);
      else done(refusalOf(reply), replica.machine);
    });
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.stops.clear();
  }

  private await({ to }: Wanted, done: ReconfigDone): void {
    const { replica, every } = this.host;
    if (shows(replica.machine, to)) return done(this.answer(), replica.machine);
    let looks = 0;
    const stop = every(LOOK_MS, () => {
      const shown = shows(replica.machine, to);
      if (!shown && ++looks < LOOKS) return;
      stop();
      this.stops.delete(stop);
      // A member that is out itself may not hear of its own removal.
      done(shown ? this.answer() : null, replica.machine);
    });
    this.stops.add(stop);
  }

  private answer(): ReadAnswer {
    const node = this.host.replica.machine.tree.get(SYSTEM.config);
    if (node === null) return ZK_ERROR.noNode;
    return (w) => writeNodeStat(w.buffer(node.data), node.stat);
  }
}

function refusalOf({ code, unknown }: Extract<ChangeReply, { readonly ok: false }>): ZkError | null {
  return unknown ? null : (REFUSALS[code] ?? null);
}
