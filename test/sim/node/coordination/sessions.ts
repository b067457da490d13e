import type {
  Command,
  CommandResult,
  CoordinationCommand,
  Machine,
  NodeStat,
  OpOutcome,
} from '../../../../lib/state/index.js';
import { check } from '../../violation.js';
import type { Mark } from '../marks.js';
import { CLOSE, printOf, type Conversation, type Effect } from './conversation.js';
import { statOf, TreeModel, type Expected } from './tree.js';

interface Session {
  readonly id: string;
  readonly password: string;
  timeoutMs: number;
  attachment: number;
  readonly conversations: Map<number, Conversation>;
  ended: 'closed' | 'expired' | null;
}

export interface SessionWorld {
  readonly nowUs: () => number;
  /** Largest deviation of the rate of a member's clock. */
  readonly drift: number;
  readonly mark: (mark: Mark) => void;
}

const MS = 1000;

/**
 * Sessions and their tree as the history of the group has them, by what clients sent: it foretells what each command
 * does (S25, S27), that the writes of a connection run in the order in which they were sent and none is left out (S26),
 * and that no session expires while a member may still answer its client (S27).
 */
export class SessionModel {
  readonly tree: TreeModel = new TreeModel();
  private readonly world: SessionWorld;
  private readonly sessions = new Map<string, Session>();
  private readonly conversations = new Map<string, Conversation>();
  private clockMs = 0;
  private revision = 0;

  constructor(world: SessionWorld) {
    this.world = world;
  }

  /** Somebody connects. */
  begins(conversation: Conversation): void {
    this.conversations.set(conversation.address, conversation);
  }

  stateOf(session: string): 'unknown' | 'open' | 'closed' | 'expired' {
    const one = this.sessions.get(session);
    return one === undefined ? 'unknown' : (one.ended ?? 'open');
  }

  passwordOf(session: string): string | null {
    return this.sessions.get(session)?.password ?? null;
  }

  /** A member writes to a client. */
  spoke(conversation: Conversation): void {
    conversation.leftUs = this.world.nowUs();
    const { session, address } = conversation;
    if (session === null) return;
    check(
      this.sessions.get(session)?.ended !== 'expired',
      'S27',
      () => `a member answers ${address} although session ${session} has expired`,
    );
  }

  entry(timeMs: number): void {
    this.clockMs = Math.max(this.clockMs, timeMs);
  }

  command(revision: number, command: Command, result: CommandResult): void {
    this.revision = revision;
    this.tree.begin(revision, this.clockMs);
    switch (command.kind) {
      case 'coordination-open':
        return this.open(command, result);
      case 'coordination-attach':
        return this.attach(command, result);
      case 'coordination-write':
        return this.write(command, result);
      case 'coordination-close':
        return this.close(command, result);
      case 'coordination-expire':
        return this.expire(command, result);
      case 'coordination-collect':
        return this.collect(command, result);
      // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others are not about sessions
      default:
    }
  }

  /** After each command: what the machine holds now is what it should hold. */
  applied(machine: Machine): void {
    const touched = this.touchedPaths;
    if (touched.size === 0) return;
    this.touchedPaths = new Set();
    for (const path of touched) {
      if (path === '/') continue;
      const node = this.tree.get(path);
      sameStat(`${path} at ${this.revision}`, 'S27', machine.tree.exists(path), node && statOf(node));
    }
    for (const owner of this.tree.owners()) {
      const open = this.stateOf(owner) === 'open' && machine.coordination.get(owner as never) !== null;
      check(open, 'S27', () => `a node of session ${owner} exists at ${this.revision}, after its end`);
    }
  }

  private touchedPaths = new Set<string>();

  private open(
    command: Extract<CoordinationCommand, { kind: 'coordination-open' }>,
    result: CommandResult,
  ): void {
    if (!result.ok && result.code === 'GROWTH_REFUSED') return;
    const { session, timeoutMs } = command;
    const conversation = this.conversationOf(command);
    check(result.ok, 'S26', () => `session ${session} is not opened: ${codeOf(result)}`);
    check(conversation.wants === null, 'S26', () => `${conversation.address} gets a session unasked`);
    conversation.session = session;
    this.sessions.set(session, {
      id: session,
      password: hex(command.password),
      timeoutMs,
      attachment: 1,
      conversations: new Map([[1, conversation]]),
      ended: null,
    });
  }

  private attach(
    command: Extract<CoordinationCommand, { kind: 'coordination-attach' }>,
    result: CommandResult,
  ): void {
    const conversation = this.conversationOf(command);
    const { wants, address } = conversation;
    check(
      wants?.session === command.session && wants.password === hex(command.password),
      'S26',
      () => `${address} asks for ${wants?.session}, and is attached to ${command.session}`,
    );
    const session = this.sessions.get(command.session);
    const open = session !== undefined && session.ended === null;
    const expected = !open ? 'SESSION_EXPIRED' : session.password === wants!.password ? null : 'AUTH_FAILED';
    check(codeOf(result) === expected, 'S26', () => {
      return `${address} is told ${codeOf(result)} of session ${command.session}, expected ${expected}`;
    });
    if (expected === 'AUTH_FAILED') this.world.mark('session refused for its password');
    if (expected !== null) return;
    session!.attachment++;
    session!.timeoutMs = command.timeoutMs;
    session!.conversations.set(session!.attachment, conversation);
    conversation.session = command.session;
  }

  private write(
    command: Extract<CoordinationCommand, { kind: 'coordination-write' }>,
    result: CommandResult,
  ): void {
    const { session, ops, multi } = command;
    const conversation = this.inTurn(command, printOf(ops, multi));
    const refusal = this.refusal(command);
    const { revision } = this;
    const ran = (effect: Omit<Effect, 'revision'>): void => {
      conversation.sent[conversation.ran++]!.effect = { revision, ...effect };
    };
    // Judged before anything else, and does nothing either way.
    const full = codeOf(result) === 'GROWTH_REFUSED';
    if (refusal !== null || full) {
      const code = full ? 'GROWTH_REFUSED' : refusal;
      if (code === 'SESSION_MOVED') this.world.mark('write refused: its session had moved');
      expect('S27', this.name(command), codeOf(result), code);
      return ran({ outcomes: null, code });
    }
    if (multi) {
      const outcomes = this.tree.all(session, ops);
      this.touch();
      check(
        result.ok && result.value.kind === 'multi',
        'S25',
        () => `${this.name(command)}: ${codeOf(result)}`,
      );
      const actual = result.ok && result.value.kind === 'multi' ? result.value.outcomes : [];
      expect('S25', `${this.name(command)}: results`, actual.length, outcomes.length);
      outcomes.forEach((outcome, i) => this.same(command, actual[i]!, outcome));
      if (outcomes.some(({ ok }) => !ok)) this.world.mark('multi refused');
      return ran({ outcomes, code: null });
    }
    const outcome = this.tree.run(session, ops[0]!);
    this.touch();
    this.same(command, result as OpOutcome, outcome);
    ran({ outcomes: [outcome], code: outcome.ok ? null : outcome.code });
  }

  private close(
    command: Extract<CoordinationCommand, { kind: 'coordination-close' }>,
    result: CommandResult,
  ): void {
    const conversation = this.inTurn(command, CLOSE);
    const code = this.refusal(command);
    expect('S27', this.name(command), codeOf(result), code);
    conversation.sent[conversation.ran++]!.effect = { revision: this.revision, outcomes: [], code };
    if (code === null) this.end(this.sessions.get(command.session)!, 'closed');
  }

  private expire(
    command: Extract<CoordinationCommand, { kind: 'coordination-expire' }>,
    result: CommandResult,
  ): void {
    const ends = this.refusal(command) === null;
    expect('S27', this.name(command), changed(result), ends);
    if (!ends) return;
    const session = this.sessions.get(command.session)!;
    this.inTime(session);
    this.world.mark('session of a coordination client expired');
    if (this.end(session, 'expired') > 0) this.world.mark('ephemeral nodes removed by an expiry');
  }

  /** A member may answer for a third of the timeout after the last report that counts; the leader waits for all of it. */
  private inTime({ id, timeoutMs, conversations }: Session): void {
    const { nowUs, drift } = this.world;
    const whole = (timeoutMs * MS) / (1 + drift);
    const third = (timeoutMs * MS) / 3 / (1 - drift);
    for (const { leftUs, askedUs, address } of conversations.values()) {
      check(
        nowUs() >= askedUs + whole - MS,
        'S27',
        () =>
          `session ${id} of ${timeoutMs} ms expires ${(nowUs() - askedUs) / MS} ms after ${address} took it up`,
      );
      check(
        nowUs() >= leftUs + whole - third - MS,
        'S27',
        () =>
          `session ${id} of ${timeoutMs} ms expires ${(nowUs() - leftUs) / MS} ms after ${address} was answered`,
      );
    }
  }

  private collect(
    command: Extract<CoordinationCommand, { kind: 'coordination-collect' }>,
    result: CommandResult,
  ): void {
    const { path, czxid, mzxid, pzxid } = command;
    const node = this.tree.get(path);
    const same = node?.czxid === czxid && node.mzxid === mzxid && node.pzxid === pzxid;
    const over =
      node?.kind === 'container' || (node?.kind === 'ttl' && this.clockMs - node.mtimeMs > node.ttlMs);
    const ends = same && over && node.children.length === 0;
    expect('collect', `${path} at ${this.revision}`, changed(result), ends);
    if (!ends) return;
    this.world.mark(node.kind === 'ttl' ? 'node collected at the end of its time' : 'container collected');
    this.tree.remove(path);
    this.touch();
  }

  /** All its nodes go at once; how many. */
  private end(session: Session, cause: 'closed' | 'expired'): number {
    session.ended = cause;
    const paths = this.tree.ownedBy(session.id);
    for (const path of paths) this.tree.remove(path);
    this.touch();
    return paths.length;
  }

  private touch(): void {
    for (const path of this.tree.settled()) this.touchedPaths.add(path);
  }

  /** The connection that a command came over; what runs is what its client sent next. */
  private inTurn(
    command: { readonly session: string; readonly attachment: number },
    print: string,
  ): Conversation {
    const conversation = this.sessions.get(command.session)?.conversations.get(command.attachment);
    check(conversation !== undefined, 'S26', () => `${this.name(command)}: nobody was attached so`);
    const next = conversation!.sent[conversation!.ran];
    check(
      next?.print === print,
      'S26',
      () =>
        `${this.name(command)}: ${print} runs, ${conversation!.address} had sent ${next?.print ?? 'nothing'}`,
    );
    return conversation!;
  }

  private refusal(command: { readonly session: string; readonly attachment: number }): string | null {
    const session = this.sessions.get(command.session);
    if (session === undefined || session.ended !== null) return 'SESSION_EXPIRED';
    return session.attachment === command.attachment ? null : 'SESSION_MOVED';
  }

  private conversationOf(command: {
    readonly identities: readonly { readonly scheme: string; readonly id: string }[];
  }): Conversation {
    const address = command.identities.find(({ scheme }) => scheme === 'ip')?.id ?? '';
    const conversation = this.conversations.get(address);
    check(conversation !== undefined, 'S26', () => `somebody came from ${address}, where nobody is`);
    return conversation!;
  }

  private same(command: { readonly session: string }, actual: OpOutcome, expected: Expected): void {
    const name = this.name(command);
    expect('S25', name, actual.ok ? null : actual.code, expected.ok ? null : expected.code);
    if (!actual.ok || !expected.ok) return;
    const { value } = actual;
    expect('S25', name, value.kind === 'created' ? value.path : null, expected.path);
    sameStat(name, 'S25', value.kind === 'nothing' ? null : value.stat, expected.stat);
  }

  private name(command: { readonly session: string }): string {
    return `session ${command.session} at ${this.revision}`;
  }
}

function expect<T>(rule: string, name: string, actual: T, expected: T): void {
  check(actual === expected, rule, () => `${name}: ${String(actual)}, expected ${String(expected)}`);
}

function sameStat(name: string, rule: string, actual: NodeStat | null, expected: NodeStat | null): void {
  const [one, other] = [actual, expected] as unknown as Record<string, unknown>[];
  const names = Object.keys(expected ?? {}) as (keyof NodeStat)[];
  const same =
    (actual === null) === (expected === null) && names.every((field) => one![field] === other![field]);
  check(same, rule, () => `${name}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}

function changed(result: CommandResult): boolean {
  return result.ok && result.value.kind === 'effect' && result.value.changed;
}

function codeOf(result: CommandResult): string | null {
  return result.ok ? null : result.code;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
