import { utf8Decode, type NodeId } from '../../../lib/base/index.js';
import {
  decodeCommand,
  type Applied,
  type AppliedBatch,
  type Command,
  type CommandResult,
  type DecodedEntry,
  type PlainCommand,
  type SubBatch,
  type TreeCommand,
} from '../../../lib/state/index.js';
import { check } from '../violation.js';
import type { SessionModel } from './coordination/sessions.js';

/** A node of the tree from one revision on; null data: it does not exist. */
export interface Version {
  readonly revision: number;
  readonly version: number;
  readonly data: string | null;
}

/** What a command in a session did, the first and only time. */
export interface Effect {
  readonly index: number;
  readonly ok: boolean;
  readonly code: string | null;
  readonly revision: number;
  readonly version: number;
}

interface Session {
  readonly effects: Map<number, Effect>;
  acknowledgedBelow: number;
  usedRevision: number;
}

const ABSENT: Version = { revision: 0, version: -1, data: null };

/**
 * A second, smaller machine: lanes, sessions and the tree, written from their description and without a line of
 * theirs. It predicts what each command does; the results of the real one must be the same (S23, S25, S30).
 */
export class Model {
  revision = 0;
  duplicates = 0;
  skippedBatches = 0;
  expired = 0;
  growthRefused = 0;
  /** Of the entry that is applied. */
  private term = 0;
  private readonly lanes = new Map<NodeId, { boot: number; number: number }>();
  private readonly sessions = new Map<string, Session>();
  private readonly effects = new Map<string, Effect>();
  private readonly nodes = new Map<string, Version[]>();
  /** Of clients of ZooKeeper's protocol. */
  coordination: SessionModel | null = null;

  /** What `sequence` of `session` did; undefined: nothing so far. */
  effect(session: string, sequence: number): Effect | undefined {
    return this.effects.get(`${session} ${sequence}`);
  }

  /** The node as it was at `revision`. */
  at(path: string, revision: number): Version {
    return this.nodes.get(path)?.findLast((version) => version.revision <= revision) ?? ABSENT;
  }

  apply(index: number, term: number, entry: DecodedEntry, applied: Applied): void {
    this.term = term;
    this.coordination?.entry(entry.timeMs);
    check(applied.batches.length === entry.batches.length, 'S10', () => `entry ${index} lost sub-batches`);
    entry.batches.forEach((batch, i) => this.batch(index, batch, applied.batches[i]!));
  }

  private batch(index: number, batch: SubBatch, applied: AppliedBatch): void {
    const runs = this.follows(batch);
    check(
      runs === !applied.skipped,
      'S23',
      () =>
        `sub-batch ${batch.number} of boot ${batch.boot} of ${batch.lane} at ${index} ` +
        `was ${applied.skipped ? 'skipped' : 'run'}`,
    );
    if (!runs) {
      this.skippedBatches++;
      return;
    }
    batch.commands.forEach((bytes, i) => this.command(index, decodeCommand(bytes), applied.results[i]!));
  }

  private follows({ lane, boot, number }: SubBatch): boolean {
    const last = this.lanes.get(lane);
    const next = last !== undefined && last.boot === boot ? last.number + 1 : 1;
    const stale = last !== undefined && boot < last.boot;
    if (stale || number !== next) return false;
    this.lanes.set(lane, { boot, number });
    return true;
  }

  private command(index: number, command: Command, result: CommandResult): void {
    this.revision++;
    switch (command.kind) {
      case 'in-session':
        return this.inSession(index, command, result);
      case 'session-open':
        if (!result.ok || this.sessions.has(command.session)) return;
        this.sessions.set(command.session, {
          effects: new Map(),
          acknowledgedBelow: 1,
          usedRevision: this.revision,
        });
        return;
      case 'session-close':
        this.sessions.delete(command.session);
        return;
      case 'session-expire': {
        const session = this.sessions.get(command.session);
        const ends = session?.usedRevision === command.usedRevision;
        const changed = result.ok && result.value.kind === 'effect' && result.value.changed;
        check(ends === changed, 'S27', () => `session ${command.session} expires at ${index}: ${changed}`);
        if (ends) this.expired++;
        if (ends) this.sessions.delete(command.session);
        return;
      }
      default:
        this.coordination?.command(this.revision, command, result);
    }
  }

  private inSession(
    index: number,
    command: Extract<Command, { readonly kind: 'in-session' }>,
    result: CommandResult,
  ): void {
    const { sequence, acknowledgedBelow } = command;
    const name = `${command.session} ${sequence}`;
    const session = this.sessions.get(command.session);
    if (session === undefined) return same(index, name, result, { ok: false, code: 'SESSION_EXPIRED' });
    if (sequence < session.acknowledgedBelow) {
      return same(index, name, result, { ok: false, code: 'SEQUENCE_STALE' });
    }
    const before = session.effects.get(sequence);
    if (before !== undefined) {
      this.duplicates++;
      return same(index, name, result, before);
    }
    session.usedRevision = this.revision;
    session.acknowledgedBelow = Math.max(session.acknowledgedBelow, acknowledgedBelow);
    const effect = this.plain(index, command.command, result);
    check(!this.effects.has(name), 'S23', () => `${name} takes effect a second time at ${index}`);
    session.effects.set(sequence, effect);
    this.effects.set(name, effect);
    same(index, name, result, effect);
  }

  /** What is not about the tree is not foretold: it only has to stay as it was answered first. */
  private plain(index: number, command: PlainCommand, result: CommandResult): Effect {
    if (!result.ok && result.code === 'GROWTH_REFUSED') {
      this.growthRefused++;
      return { index, ok: false, code: result.code, revision: result.revision, version: -1 };
    }
    switch (command.kind) {
      case 'tree-create':
      case 'tree-set':
      case 'tree-delete':
        return this.tree(index, command);
      default: {
        check(
          command.kind !== 'task-launch' || !result.ok || command.term === this.term,
          'S29',
          () => `tasks are launched at ${index} with offers of another term than ${this.term}`,
        );
        const code = result.ok ? null : result.code;
        return { index, ok: result.ok, code, revision: result.revision, version: -1 };
      }
    }
  }

  private tree(index: number, command: TreeCommand): Effect {
    const { revision } = this;
    const refused = (code: string): Effect => ({ index, ok: false, code, revision, version: -1 });
    const now = this.at(command.path, revision);
    const exists = now.data !== null;
    if (command.kind === 'tree-create') {
      if (exists) return refused('NODE_EXISTS');
      return this.put(index, command.path, 0, utf8Decode(command.data));
    }
    if (!exists) return refused('NO_NODE');
    const { expectedVersion } = command;
    if (expectedVersion !== -1 && expectedVersion !== now.version) return refused('BAD_VERSION');
    if (command.kind === 'tree-delete') return this.put(index, command.path, -1, null);
    return this.put(index, command.path, now.version + 1, utf8Decode(command.data));
  }

  private put(index: number, path: string, version: number, data: string | null): Effect {
    const { revision } = this;
    const history = this.nodes.get(path) ?? [];
    this.nodes.set(path, history);
    history.push({ revision, version, data });
    return { index, ok: true, code: null, revision, version };
  }
}

function same(
  index: number,
  name: string,
  result: CommandResult,
  expected: {
    readonly ok: boolean;
    readonly code: string | null;
    readonly version?: number;
    readonly revision?: number;
  },
): void {
  const code = result.ok ? null : result.code;
  const version = result.ok && result.value.kind === 'node' ? result.value.stat.version : -1;
  const agrees =
    code === expected.code &&
    (expected.version === undefined || expected.version === version) &&
    (expected.revision === undefined || expected.revision === result.revision);
  check(
    agrees,
    'S23',
    () => `${name} at ${index} gives ${JSON.stringify(result)}, expected ${JSON.stringify(expected)}`,
  );
}
