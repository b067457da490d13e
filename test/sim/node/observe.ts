import type { NodeId } from '../../../lib/base/index.js';
import type { Cause, ClusterChecker } from '../../../lib/raft/check/cluster-checker.js';
import type { Entry, Message, NodeView, RaftNode, Ready } from '../../../lib/raft/index.js';
import type { Member } from '../../../lib/replica/index.js';
import type { RaftLog } from '../../../lib/storage/types.js';

/** The parts of a member that only a checker looks at. */
interface Inside {
  readonly phase: {
    readonly kind: string;
    readonly running?: { readonly raft: RaftNode; readonly log: RaftLog };
  };
}

export interface Observer {
  /** Runs a check: what it throws ends the run. */
  readonly guard: (look: () => void) => void;
  readonly alive: () => boolean;
  readonly committed: (entry: Entry) => void;
  readonly emitted: (message: Message) => void;
  /** It was given a message. */
  readonly stepped: (message: Message) => void;
  /** Before anything of it is carried out. */
  readonly handed: (ready: Ready) => void;
  /** After every step. */
  readonly looked: () => void;
  /** It proposed a configuration, or was refused to. */
  readonly proposed: (view: NodeView) => void;
}

const OTHER: Cause = { type: 'other' };
const TICK: Cause = { type: 'tick' };

/** The consensus of a member that runs, else null. */
export function consensusOf(member: Member): { readonly raft: RaftNode; readonly log: RaftLog } | null {
  return (member as unknown as Inside).phase.running ?? null;
}

/** Lets the checker see everything that this member's consensus is given and gives back. */
export function attach(checker: ClusterChecker, raft: RaftNode, log: RaftLog, observer: Observer): void {
  const guard = (look: () => void): void => {
    if (observer.alive()) observer.guard(look);
  };
  const { id } = raft.view;
  guard(() => checker.started(raft.view, log));
  around(raft, 'proposeConfiguration', () =>
    guard(() => {
      checker.stepped(id, OTHER);
      observer.proposed(raft.view);
    }),
  );
  let installing: number | null = null;
  const stepped = (cause: Cause): void =>
    guard(() => {
      checker.stepped(id, cause);
      observer.looked();
    });
  around(raft, 'step', (message) => {
    stepped({ type: 'message', message });
    guard(() => observer.stepped(message));
  });
  around(raft, 'tick', () => stepped(TICK));
  for (const name of OTHER_INPUTS) around(raft, name, () => stepped(OTHER));
  const ready = raft.ready.bind(raft);
  raft.ready = (hold) => {
    const result = ready(hold);
    installing = result.persist?.snapshot?.index ?? installing;
    guard(() => seen(checker, id, result, observer));
    return result;
  };
  const persisted = raft.persisted.bind(raft);
  raft.persisted = () => {
    const at = installing;
    if (at !== null) guard(() => checker.installed(id, at));
    installing = null;
    persisted();
    guard(() => {
      checker.persisted(id);
      observer.looked();
    });
  };
}

function seen(checker: ClusterChecker, id: NodeId, ready: Ready, observer: Observer): void {
  checker.emitted(id, ready.messages);
  observer.handed(ready);
  for (const message of ready.messages) observer.emitted(message);
  if (!observer.alive()) return;
  for (const entry of ready.committed) {
    checker.applied(id, entry);
    observer.committed(entry);
  }
  checker.stepped(id, OTHER);
}

const OTHER_INPUTS = ['propose', 'readIndex', 'transferLeadership', 'campaignHint'] as const;

type Inputs = 'step' | 'tick' | 'proposeConfiguration' | (typeof OTHER_INPUTS)[number];

/** Calls `after` with the arguments once the method has run. */
function around<Name extends Inputs>(
  raft: RaftNode,
  name: Name,
  after: (...rest: Parameters<RaftNode[Name]>) => void,
): void {
  const method = (raft[name] as (...rest: unknown[]) => unknown).bind(raft);
  Object.defineProperty(raft, name, {
    value: (...rest: Parameters<RaftNode[Name]>) => {
      const result = method(...rest);
      after(...rest);
      return result;
    },
  });
}
