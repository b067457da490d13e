import type { FaultKind } from '../faults/plan.js';

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
    seconds: 20,
    sign: /^task .* ran \d+ times/,
  },
];

/** Throws unless the text stands there exactly once: a patch that no longer fits must not pass for a bug not found. */
export function applyPatch(source: string, { file, find, replace }: Patch): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new Error(`${file} holds the text to be replaced ${parts.length - 1} times: ${find}`);
  return parts.join(replace);
}
