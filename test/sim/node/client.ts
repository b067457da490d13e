import {
  below,
  chance,
  pick,
  utf8Decode,
  utf8Encode,
  type Random,
  type SessionId,
} from '../../../lib/base/index.js';
import type { CoordinationService } from '../../../lib/coordination/index.js';
import type { Answer, Node, Written } from '../../../lib/coordination/service.js';
import type { TreeCommand } from '../../../lib/state/index.js';
import type { Calls, Reply } from './calls.js';
import type { NodeHistory } from './history.js';
import type { Model } from './model.js';
import type { ClientOptions } from './options.js';

export interface ClientPorts {
  readonly calls: Calls;
  readonly history: NodeHistory;
  readonly model: Model;
  readonly members: number;
  readonly note: (what: 'call' | 'answer', x: number, y: number, text: string) => void;
}

/** Attempts of one write, at one member after another, before its client gives up. */
const ATTEMPTS = 12;

/** A client with a session: writes that are done at most once, compare-and-set, and reads of both kinds. */
export class SimClient {
  readonly machine: number;
  private readonly options: ClientOptions;
  private readonly random: Random;
  private readonly ports: ClientPorts;
  private session: SessionId | null = null;
  private sequence = 0;
  /** The member it talks to. */
  private member: number;
  /** Versions it has seen. */
  private readonly versions = new Map<string, number>();
  private stopped = false;
  /** Finished calls. */
  ended = 0;

  constructor(machine: number, options: ClientOptions, random: Random, ports: ClientPorts) {
    this.machine = machine;
    this.options = options;
    this.random = random;
    this.ports = ports;
    this.member = below(random, ports.members);
  }

  stop(): void {
    this.stopped = true;
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      await this.ports.calls.sleep(this.options.thinkMs);
      if (this.session === null) await this.open();
      else if (chance(this.random, 0.6)) await this.write(this.session, this.drawCommand());
      else await this.read(chance(this.random, 0.3));
      this.ended++;
    }
  }

  private async open(): Promise<void> {
    const { sessionMs } = this.options;
    this.ports.note('call', 0, this.member, 'open a session');
    const reply = await this.ask<Answer<{ session: SessionId }>>(this.member, (coordination, done) =>
      coordination.openSession(sessionMs, done),
    );
    if (reply.kind === 'answer' && reply.value.kind === 'done') {
      this.session = reply.value.value.session;
      this.sequence = 0;
      this.ports.note('answer', 0, this.member, `session ${this.session}`);
    } else await this.elsewhere();
  }

  private drawCommand(): TreeCommand {
    const path = `/k${below(this.random, this.options.keys)}`;
    const tag = `${this.session} ${this.sequence + 1} `.padEnd(this.options.dataBytes, 'x');
    const data = utf8Encode(tag);
    const expectedVersion = chance(this.random, 0.7) ? (this.versions.get(path) ?? -1) : -1;
    const known = this.versions.has(path);
    switch (below(this.random, known ? 8 : 2)) {
      case 0:
        return { kind: 'tree-create', path, data };
      case 1:
        return { kind: 'tree-delete', path, expectedVersion };
      default:
        return { kind: 'tree-set', path, data, expectedVersion };
    }
  }

  private async write(session: SessionId, command: TreeCommand): Promise<void> {
    const sequence = ++this.sequence;
    const { history } = this.ports;
    history.called(session, sequence);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { member } = this;
      this.ports.note('call', sequence, member, `${session} ${command.kind} ${command.path}`);
      const reply = await this.attempt(session, sequence, command);
      if (reply.kind === 'lost') history.unanswered(session, sequence);
      else if (this.takes(session, sequence, command, reply.value)) return;
      if (this.session !== session || this.stopped) break;
      // Told that it was surely not done, and content with that.
      if (reply.kind === 'answer' && chance(this.random, 0.3)) break;
      await this.elsewhere();
    }
    this.ports.note('answer', sequence, this.member, `${session} given up`);
    history.ended(session, sequence);
  }

  private async attempt(
    session: SessionId,
    sequence: number,
    command: TreeCommand,
  ): Promise<Reply<Answer<Written>>> {
    const write = { session, sequence, acknowledgedBelow: sequence, command };
    const send = (member: number): Promise<Reply<Answer<Written>>> =>
      this.ask<Answer<Written>>(member, (coordination, done) => coordination.write(write, done));
    if (!chance(this.random, 0.1)) return send(this.member);
    // Impatient: the same through two members, of which the first to answer counts.
    this.ports.history.unanswered(session, sequence);
    const other = below(this.random, this.ports.members);
    return Promise.race([send(this.member), send(other)]);
  }

  /** Whether the answer ends the write. */
  private takes(
    session: SessionId,
    sequence: number,
    command: TreeCommand,
    answer: Answer<Written>,
  ): boolean {
    const { history } = this.ports;
    const code = answer.kind === 'done' ? null : answer.code;
    this.ports.note('answer', sequence, this.member, `${session} ${code ?? 'done'}`);
    if (answer.kind === 'done') {
      history.answered(session, sequence, null, answer.value.index);
      if (command.kind === 'tree-delete') this.versions.delete(command.path);
      else this.versions.set(command.path, answer.value.stat.version);
      return true;
    }
    if (answer.unknown) history.unanswered(session, sequence);
    if (answer.code === 'SESSION_EXPIRED') this.session = null;
    else if (MACHINE_CODES.has(answer.code)) {
      history.answered(session, sequence, answer.code, 0);
      return true;
    }
    return false;
  }

  private async read(local: boolean): Promise<void> {
    const { history } = this.ports;
    const path = `/k${below(this.random, this.options.keys)}`;
    const floor = history.shown;
    this.ports.note('call', -1, this.member, `${local ? 'look at' : 'read'} ${path}`);
    const reply = await this.ask<{ index: number; answer: Answer<Node> } | string>(
      this.member,
      (coordination, done, revision) =>
        coordination.confirm(local, (refused) => {
          if (refused !== null) done(refused.code);
          else done({ index: revision(), answer: coordination.look(path, false) });
        }),
    );
    if (reply.kind === 'lost' || typeof reply.value === 'string') {
      history.counts.readsRefused++;
      return this.elsewhere();
    }
    const { index, answer } = reply.value;
    const node = answer.kind === 'done' ? answer.value : null;
    const version = node?.stat.version ?? -1;
    const data = node === null ? null : utf8Decode(node.data);
    this.ports.note('answer', -1, this.member, `${path} at ${index}: version ${version}`);
    history.read(path, local ? null : floor, index, version, data);
    if (node === null) this.versions.delete(path);
    else this.versions.set(path, version);
  }

  private ask<T>(
    member: number,
    ask: (coordination: CoordinationService, done: (value: T) => void, revision: () => number) => void,
  ): Promise<Reply<T>> {
    return this.ports.calls.ask<T>(this.machine, member, this.options.patienceMs, (doors, reply) =>
      ask(doors.coordination, reply, () => doors.member.machine.revision),
    );
  }

  private async elsewhere(): Promise<void> {
    this.member = pick(
      this.random,
      Array.from({ length: this.ports.members }, (_, i) => i),
    );
    await this.ports.calls.sleep(30);
  }
}

/** Codes with which the machine refuses a write of this client; every other refusal comes from a member. */
const MACHINE_CODES: ReadonlySet<string> = new Set([
  'NODE_EXISTS',
  'NO_NODE',
  'BAD_VERSION',
  'NOT_EMPTY',
  'GROWTH_REFUSED',
]);
