import type { FaultKind } from '../faults/plan.js';
import type { WorkloadName } from '../workloads/names.js';

/** An exact piece of a built file, and what stands there instead. */
export interface Patch {
  /** Below `dist/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A bug put into a copy of the build, which the harness must find. */
export interface PlantedBug {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** Faults that bring it out. */
  readonly faults: readonly FaultKind[];
  /** Clients that meet it. */
  readonly workloads: readonly WorkloadName[];
  readonly seconds: number;
  /** A violation that speaks of this bug, and not of something else that is wrong. */
  readonly sign: RegExp;
}

export const PLANTED: readonly PlantedBug[] = [
  {
    // What a leader has on its own disk counts as committed: cut off, it acknowledges what will be lost.
    name: 'acknowledge-before-commit',
    patches: [
      {
        file: 'lib/raft/commit.js',
        find: 'const reached = quorumIndex(core.configuration, (id) => durableAt(core, leader, id));',
        replace: 'const reached = core.log.stable;',
      },
    ],
    faults: ['isolate-leader', 'mute-leader'],
    workloads: ['registers', 'tasks'],
    seconds: 20,
    sign: /not linearizable|by index|real time/,
  },
  {
    // An agent that comes to another master is told every launch again, and nothing there remembers the first.
    name: 'launch-again-after-failover',
    patches: [
      {
        file: 'lib/master/agents/differences.js',
        find: 'launches: absent.filter((task) => task.sequence === 0),',
        replace: 'launches: expected,',
      },
      {
        file: 'lib/agent/tasks/table.js',
        find: 'if (this.ledger.get(launched) !== undefined)\n            return this.seen(revision);',
        replace:
          'if (this.ledger.get(launched) !== undefined) return void this.options.holder.run(' +
          'this.options.orderOf(this.options.checkpoint.model.agentId, launched));',
      },
      {
        file: 'lib/agent/holder/task-holder.js',
        find: 'if (!this.starting || journal.tasks.has(key))\n            return;',
        replace:
          'if (!this.starting) return;\n' +
          '        if (journal.tasks.has(key)) return void this.options.spawn(order, ' +
          '{ onStarted() {}, onFailed() {}, onExited() {} });',
      },
    ],
    faults: ['kill-leader', 'kill-one', 'kill-all'],
    workloads: ['registers', 'tasks'],
    seconds: 20,
    sign: /^task .* ran \d+ times/,
  },
  {
    // A session that expires leaves its ephemeral nodes behind.
    name: 'ephemerals-survive-expiry',
    patches: [
      {
        file: 'lib/state/zookeeper/apply.js',
        find: 'for (const row of state.tree.rowsOwnedBy(session)) {',
        replace: "if (cause !== 'expired') for (const row of state.tree.rowsOwnedBy(session)) {",
      },
    ],
    faults: ['kill-one'],
    workloads: ['session'],
    seconds: 20,
    sign: /^sessions: .* after its session was over/,
  },
  {
    // The leader waits for half of a session's timeout: its client still takes itself for alive, and for the holder of locks.
    name: 'expiry-too-soon',
    patches: [
      {
        file: 'lib/master/liveness/coordination-deadlines.js',
        find: 'this.deadlines.set(session, nowMs + open.timeoutMs);',
        replace: 'this.deadlines.set(session, nowMs + open.timeoutMs / 2);',
      },
    ],
    faults: ['isolate-leader', 'isolate-one', 'pause-one'],
    workloads: ['session', 'lock'],
    seconds: 30,
    sign: /^sessions: .* was over \d+ ms after|^lock: .* while .* had it/,
  },
  {
    // A master that is cut off says nothing, and leaves its clients in the belief that they are connected.
    name: 'connections-outlive-the-cut',
    patches: [
      {
        file: 'lib/coordination/connections/coverage.js',
        find: 'return at === undefined || nowMs >= at + (timeoutMs * 2) / 3;',
        replace: 'return at === undefined;',
      },
    ],
    faults: ['isolate-one'],
    workloads: ['session'],
    seconds: 40,
    sign: /^sessions: the connection of .* outlived its session/,
  },
  {
    // Watches that come to another member are set again there, and nobody looks whether something was missed.
    name: 'missed-events-forgotten',
    patches: [
      {
        file: 'lib/api/zookeeper/watches.js',
        find: 'if (missed === null)',
        replace: 'if (missed !== undefined)',
      },
    ],
    faults: ['kill-leader', 'kill-one'],
    workloads: ['watch'],
    seconds: 20,
    sign: /^watches: .* no event had told of a change/,
  },
  {
    // Who asks for a sync is answered at once: a member that is cut off shows the past as the present.
    name: 'sync-asks-nobody',
    patches: [
      {
        file: 'lib/coordination/connections/session-hub.js',
        find: 'replica.read((refusal) => done(refusal === null))',
        replace: 'done(true)',
      },
    ],
    faults: ['isolate-leader', 'isolate-one', 'mute-leader'],
    workloads: ['tree'],
    seconds: 20,
    sign: /^\/chaos-zk\/\w+ is not linearizable|^\/chaos-zk\/\w+ by index|^real time/,
  },
  {
    // What a member held back for a session is still done after the session has moved to another member.
    name: 'writes-after-the-move',
    patches: [
      {
        file: 'lib/state/zookeeper/apply.js',
        find: 'if (open.attachment === attachment)',
        replace: 'if (open.attachment >= attachment)',
      },
    ],
    faults: ['isolate-leader', 'isolate-one'],
    workloads: ['tree', 'watch'],
    seconds: 40,
    sign: /^order: .* after the session had been taken up again/,
  },
];

/** Throws unless the text stands there exactly once: a patch that no longer fits must not pass for a bug not found. */
export function applyPatch(source: string, { file, find, replace }: Patch): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new Error(`${file} holds the text to be replaced ${parts.length - 1} times: ${find}`);
  return parts.join(replace);
}
