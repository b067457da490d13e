import { setTimeout as pause } from 'node:timers/promises';
import { below, chance, pick } from '../../../lib/base/index.js';
import { ZK_ERROR, type Request } from '../../../lib/wire/zookeeper/index.js';
import type { History } from '../../history/history.js';
import {
  children,
  create,
  exists,
  get,
  multi,
  remove,
  set,
  watchTree,
  type Answer,
} from '../../zookeeper/requests.js';
import { Expired, Session, Unanswered, type Member } from '../../zookeeper/session.js';
import { from, WATCHED, WATCHED_NODES } from './places.js';
import type { Client, Surroundings, Workload } from './workload.js';

const WRITERS = 2;
const TIMEOUT_MS = 6_000;
const WRITE_PAUSE_MS = 130;
const PROBE_PAUSE_MS = 200;
/** A watcher leaves its member now and then, to be told elsewhere what it missed. */
const MOVE_CHANCE = 0.02;

/** Watchers at every member, of both kinds, beside writers. */
export class WatchClients implements Workload {
  private readonly writers: readonly Writer[];
  private readonly watchers: readonly Watcher[];
  private readonly members: readonly Member[];
  private readonly history: History;

  constructor({ members, history, random }: Surroundings) {
    this.members = members;
    this.history = history;
    this.writers = Array.from({ length: WRITERS }, (_, i) => {
      const client = { name: `writer-${i}`, members: from(members, i), random: random.split() };
      return new Writer(client, history);
    });
    this.watchers = members.flatMap((member, i) => {
      const client = (name: string): Client => {
        return { name: `${name}-${member.id}`, members: from(members, i), random: random.split() };
      };
      return [
        new Watcher(client('one-shot'), history, () => new OneShot()),
        new Watcher(client('recursive'), history, () => new Recursive()),
      ];
    });
  }

  start(): Promise<void> {
    for (const client of [...this.watchers, ...this.writers]) client.start();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await Promise.all(this.writers.map((writer) => writer.stop()));
    for (const watcher of this.watchers) watcher.rest();
  }

  /** Every watcher has been told of the last change, and shows what there is. */
  async awaited(): Promise<string | null> {
    const session = new Session('watch-reader', this.members, TIMEOUT_MS, this.history);
    try {
      await session.ready();
      const view: Record<string, string | null> = {};
      for (const path of WATCHED_NODES) {
        const { value } = await session.askSynced({ ...get(path), path });
        view[path] = value;
      }
      const wrong = this.watchers.filter((watcher) => {
        return WATCHED_NODES.some((path) => watcher.view.get(path) !== view[path]);
      });
      return wrong.length === 0
        ? null
        : `${wrong.map(({ client }) => client.name).join(', ')} show something else than ${JSON.stringify(view)}`;
    } catch (error) {
      if (error instanceof Unanswered || error instanceof Expired) return String(error);
      throw error;
    } finally {
      await session.close();
    }
  }

  async close(): Promise<void> {
    await this.stop();
    await Promise.all(this.watchers.map((watcher) => watcher.stop()));
  }
}

class Writer {
  private readonly client: Client;
  private readonly history: History;
  private session: Session;
  private loop: Promise<void> = Promise.resolve();
  private stopped = false;
  private count = 0;

  constructor(client: Client, history: History) {
    this.client = client;
    this.history = history;
    this.session = this.open();
  }

  start(): void {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (!this.session.attached) this.session.abandon();
    await this.loop;
    await this.session.close();
  }

  private open(): Session {
    return new Session(this.client.name, this.client.members, TIMEOUT_MS, this.history);
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.session.ready();
        await this.session.ask(this.draw());
      } catch (error) {
        if (error instanceof Expired) {
          if (!this.stopped) this.session = this.open();
        } else if (!(error instanceof Unanswered)) throw error;
      }
      await pause(below(this.client.random, 2 * WRITE_PAUSE_MS));
    }
  }

  /** What is refused because the node is, or is not, there changes nothing. */
  private draw(): Request {
    const { random, name } = this.client;
    const path = pick(random, WATCHED_NODES);
    const value = `${name}:${++this.count}`;
    const draw = below(random, 10);
    if (draw < 2) return create(path, value);
    if (draw < 3) return remove(path);
    if (draw < 5) return multi(set(path, value), set(pick(random, WATCHED_NODES), `${value}'`));
    return set(path, value);
  }
}

type Show = (path: string, answer: Answer) => void;

/** How a watcher is told of changes. One for each session. */
interface Watching {
  /** A connection has the session: what is sent here is sent first. */
  attached(session: Session): void;
  told(type: number, path: string): void;
  /** Reads again what it was told of. */
  catchUp(session: Session, show: Show): Promise<void>;
}

/** Shows what it read last of each node; reads again only what it was told of, and probes beside that. */
class Watcher {
  readonly client: Client;
  readonly view: Map<string, string | null> = new Map();
  private readonly history: History;
  private readonly begin: () => Watching;
  private watching: Watching;
  private session: Session;
  private loop: Promise<void> = Promise.resolve();
  private resting = false;
  private stopped = false;

  constructor(client: Client, history: History, begin: () => Watching) {
    this.client = client;
    this.history = history;
    this.begin = begin;
    this.watching = begin();
    this.session = this.open(this.watching);
  }

  start(): void {
    this.loop = this.run();
  }

  /** It stays where it is, and waits for what it is told. */
  rest(): void {
    this.resting = true;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (!this.session.attached) this.session.abandon();
    await this.loop;
    await this.session.close();
  }

  private open(watching: Watching): Session {
    const { name, members } = this.client;
    const session: Session = new Session(name, members, TIMEOUT_MS, this.history, {
      attached: () => watching.attached(session),
      event: (type, path) => watching.told(type, path),
    });
    return session;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.session.ready();
        await this.watching.catchUp(this.session, (path, { err, value }) => {
          this.view.set(path, err === ZK_ERROR.ok ? value : null);
        });
        if (!this.resting) await this.probe();
      } catch (error) {
        if (error instanceof Expired) {
          if (this.stopped) return;
          this.watching = this.begin();
          this.session = this.open(this.watching);
        } else if (!(error instanceof Unanswered)) throw error;
      }
      await pause(below(this.client.random, PROBE_PAUSE_MS));
    }
  }

  /** Shows a change that nobody was told of: it is recorded, and not taken into the view. */
  private async probe(): Promise<void> {
    const { random } = this.client;
    if (chance(random, MOVE_CHANCE)) return this.session.move();
    const request = chance(random, 0.2) ? children(WATCHED) : get(pick(random, WATCHED_NODES));
    await this.session.ask(request);
  }
}

/** Watches that are over with their first event: each is set again by the reading that follows. */
class OneShot implements Watching {
  /** Watched, by path: whether it is there. An event may come right behind the answer: it is set before. */
  private readonly armed: Map<string, boolean> = new Map();

  attached(session: Session): void {
    const nodes = [...this.armed].filter(([path]) => path !== WATCHED);
    if (this.armed.size === 0) return;
    session.restore({
      data: nodes.flatMap(([path, there]) => (there ? [path] : [])),
      exists: nodes.flatMap(([path, there]) => (there ? [] : [path])),
      children: this.armed.has(WATCHED) ? [WATCHED] : [],
    });
  }

  told(_type: number, path: string): void {
    this.armed.delete(path);
  }

  async catchUp(session: Session, show: Show): Promise<void> {
    for (const path of WATCHED_NODES) {
      if (this.armed.has(path)) continue;
      const answer = await this.arm(path, session, get(path, true));
      show(path, answer);
      if (answer.err === ZK_ERROR.noNode) await this.awaitNode(path, session);
    }
    if (!this.armed.has(WATCHED)) await this.arm(WATCHED, session, children(WATCHED, true));
  }

  /** Reading a node that is not there leaves no watch; asking whether it is there does. */
  private async awaitNode(path: string, session: Session): Promise<void> {
    this.armed.delete(path);
    const { err } = await this.arm(path, session, exists(path, true));
    // Created meanwhile: what it holds is still to be read.
    if (err === ZK_ERROR.ok) this.armed.delete(path);
    else if (this.armed.has(path)) this.armed.set(path, false);
  }

  private async arm(path: string, session: Session, request: Request): Promise<Answer> {
    this.armed.set(path, true);
    try {
      return await session.ask(request);
    } catch (error) {
      this.armed.delete(path);
      throw error;
    }
  }
}

/** One watch on the whole tree. A server says nothing of what was missed between two connections. */
class Recursive implements Watching {
  private readonly unread: Set<string> = new Set();

  attached(session: Session): void {
    session.ask(watchTree(WATCHED)).catch(() => undefined);
    for (const path of WATCHED_NODES) this.unread.add(path);
  }

  told(_type: number, path: string): void {
    if (WATCHED_NODES.includes(path)) this.unread.add(path);
  }

  async catchUp(session: Session, show: Show): Promise<void> {
    for (const path of Array.from(this.unread)) {
      this.unread.delete(path);
      show(path, await session.ask(get(path)));
    }
  }
}
