import { setTimeout as pause } from 'node:timers/promises';
import { below, chance, pick, type Random } from '../../../lib/base/index.js';
import { ZK_ERROR, type Request } from '../../../lib/wire/zookeeper/index.js';
import { ABSENT, type History, type RegisterAction, type SlotAction } from '../../history/history.js';
import { check, children, create, get, multi, remove, set, type Answer } from '../../zookeeper/requests.js';
import { Expired, Session, Unanswered } from '../../zookeeper/session.js';
import { from, REGISTERS, SET, SLOTS } from './places.js';
import type { Client, Surroundings, Workload } from './workload.js';

/** Beside one client for each member, which speaks to no other, so many that go from one to the next. */
const ROAMING = 2;
const TIMEOUT_MS = 6_000;
const PAUSE_MS = 40;
/** A roaming client leaves its member now and then, though nothing is wrong there. */
const MOVE_CHANCE = 0.01;
/** Nodes of its own that a client keeps. */
const KEPT = 12;
/** Nothing has such a version: a multi that checks it is refused as a whole. */
const NO_VERSION = 1_000_000;

const CODES: Readonly<Record<number, string>> = {
  [ZK_ERROR.badVersion]: 'BAD_VERSION',
  [ZK_ERROR.noNode]: 'NO_NODE',
  [ZK_ERROR.nodeExists]: 'NODE_EXISTS',
};

/** Clients that change and read the tree in every way, with values and names never used twice. */
export class TreeClients implements Workload {
  private readonly clients: readonly TreeClient[];

  constructor({ members, history, random }: Surroundings) {
    const pinned = members.map((member) => ({ name: `tree-${member.id}`, members: [member] }));
    const roaming = Array.from({ length: ROAMING }, (_, i) => ({
      name: `tree-roaming-${i}`,
      members: from(members, i),
    }));
    this.clients = [...pinned, ...roaming].map((client) => {
      return new TreeClient({ ...client, random: random.split() }, history);
    });
  }

  async start(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.stop()));
  }

  /** Judged by the history. */
  awaited(): Promise<null> {
    return Promise.resolve(null);
  }

  async close(): Promise<void> {
    await this.stop();
  }
}

type KeyAction = RegisterAction | SlotAction;

class TreeClient {
  private readonly client: Client;
  private readonly history: History;
  /** The version that it saw last, by path. */
  private readonly seen: Map<string, number> = new Map();
  /** Nodes of its own that are there, oldest first. */
  private readonly own: string[] = [];
  private session: Session;
  private loop: Promise<void> = Promise.resolve();
  private stopped = false;
  private count = 0;

  constructor(client: Client, history: History) {
    this.client = client;
    this.history = history;
    this.session = this.open();
  }

  async start(): Promise<void> {
    await this.session.ready();
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    // Whoever waits for a member that does not come is not waited for.
    if (!this.session.attached) this.session.abandon();
    await this.loop;
    await this.session.close();
  }

  private get random(): Random {
    return this.client.random;
  }

  private open(): Session {
    return new Session(this.client.name, this.client.members, TIMEOUT_MS, this.history);
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.session.ready();
        await this.act();
      } catch (error) {
        if (error instanceof Expired) {
          if (!this.stopped) this.session = this.open();
        } else if (!(error instanceof Unanswered)) throw error;
      }
      await pause(below(this.random, 2 * PAUSE_MS));
    }
  }

  private async act(): Promise<void> {
    const { random, session } = this;
    const draw = below(random, 100);
    if (draw < 12) return this.plainRead();
    if (draw < 30) return this.ownNodes();
    if (draw < 36) return void (await session.ask(children(SET)));
    if (this.client.members.length > 1 && chance(random, MOVE_CHANCE)) return session.move();
    if (draw < 50) return this.onSlot(pick(random, SLOTS));
    return this.onRegister(pick(random, REGISTERS));
  }

  /** As old as it may be: no older than what the session has seen. Often right behind a write that it must show. */
  private async plainRead(): Promise<void> {
    const path = pick(this.random, REGISTERS);
    if (chance(this.random, 0.5)) return void (await this.session.ask(get(path)));
    const value = this.value();
    const id = this.begin(path, { f: 'write', value });
    await this.end(id, path, { f: 'write', value }, async () => {
      const [answer] = await this.session.askAll([set(path, value), get(path)]);
      return answer!;
    });
  }

  private async onRegister(path: string): Promise<void> {
    const { random } = this;
    const expected = this.seen.get(path);
    if (expected === undefined || chance(random, 0.4)) return this.perform(path, { f: 'read' });
    const value = this.value();
    return this.perform(path, chance(random, 0.3) ? { f: 'write', value } : { f: 'cas', value, expected });
  }

  private async onSlot(path: string): Promise<void> {
    const { random } = this;
    const expected = this.seen.get(path);
    if (expected === undefined || chance(random, 0.3)) return this.perform(path, { f: 'read' });
    if (expected === ABSENT) return this.perform(path, { f: 'create', value: this.value() });
    if (chance(random, 0.4)) return this.perform(path, { f: 'delete', expected });
    return this.perform(path, { f: 'cas', value: this.value(), expected });
  }

  private async perform(path: string, action: KeyAction): Promise<void> {
    const id = this.begin(path, action);
    await this.end(id, path, action, () => this.askFor(path, action));
  }

  private askFor(path: string, action: KeyAction): Promise<Answer> {
    const { session } = this;
    switch (action.f) {
      case 'read':
        return session.askSynced({ ...get(path), path });
      case 'write':
        return session.ask(set(path, action.value));
      case 'cas': {
        const { value, expected } = action;
        if (chance(this.random, 0.5)) return session.ask(set(path, value, expected));
        return session.ask(multi(check(path, expected), set(path, value)));
      }
      case 'create':
        return session.ask(create(path, action.value));
      case 'delete':
        return session.ask(remove(path, action.expected));
    }
  }

  private begin(path: string, action: KeyAction): number {
    const id = this.history.nextId();
    this.history.add({ type: 'invoke', id, process: this.client.name, key: path, ...action });
    return id;
  }

  private async end(id: number, path: string, action: KeyAction, ask: () => Promise<Answer>): Promise<void> {
    const { history, seen } = this;
    try {
      const answer = await ask();
      const result = resultOf(action, answer);
      if (result === null) {
        history.add({ type: 'fail', id, code: CODES[answer.err] ?? `${answer.err}` });
        seen.delete(path);
      } else {
        history.add({ type: 'ok', id, ...result, index: answer.zxid });
        seen.set(path, result.version);
      }
    } catch (error) {
      history.add({ type: 'info', id, code: String(error) });
      seen.delete(path);
      throw error;
    }
  }

  /** One node more, two at once, or one less. */
  private async ownNodes(): Promise<void> {
    const { random, own } = this;
    if (own.length >= KEPT) {
      const path = own.shift()!;
      return this.nodes([], [path], remove(path));
    }
    const one = this.name();
    if (chance(random, 0.4)) return this.nodes([one], [], create(one, one));
    const other = this.name();
    const refused = chance(random, 0.3) ? [check(REGISTERS[0]!, NO_VERSION)] : [];
    if (own.length > 0 && chance(random, 0.3)) {
      const gone = own.shift()!;
      return this.nodes([one], [gone], multi(create(one, one), remove(gone), ...refused));
    }
    return this.nodes([one, other], [], multi(create(one, one), create(other, other), ...refused));
  }

  private async nodes(
    creates: readonly string[],
    deletes: readonly string[],
    request: Request,
  ): Promise<void> {
    const { history } = this;
    const id = history.nextId();
    history.add({ type: 'invoke', id, process: this.client.name, f: 'nodes', creates, deletes });
    try {
      const { err } = await this.session.ask(request);
      if (err === ZK_ERROR.ok) {
        history.add({ type: 'ok', id });
        this.own.push(...creates);
      } else history.add({ type: 'fail', id, code: CODES[err] ?? `${err}` });
    } catch (error) {
      history.add({ type: 'info', id, code: String(error) });
      throw error;
    }
  }

  private value(): string {
    return `${this.client.name}:${++this.count}`;
  }

  private name(): string {
    return `${SET}/${this.client.name}-${++this.count}`;
  }
}

/** Null if it was refused. A node that is not there is an answer to a read. */
function resultOf(
  action: KeyAction,
  { err, value, stat }: Answer,
): { readonly value: string; readonly version: number } | null {
  if (action.f === 'read' && err === ZK_ERROR.noNode) return { value: '', version: ABSENT };
  if (err !== ZK_ERROR.ok) return null;
  switch (action.f) {
    case 'read':
      return { value: value ?? '', version: stat?.version ?? ABSENT };
    case 'write':
      return { value: action.value, version: stat?.version ?? ABSENT };
    case 'cas':
      // A multi's answer is not looked at for it: it may have no other version.
      return { value: action.value, version: action.expected + 1 };
    case 'create':
      return { value: action.value, version: 0 };
    case 'delete':
      return { value: '', version: ABSENT };
  }
}
