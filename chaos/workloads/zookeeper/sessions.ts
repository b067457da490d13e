import { setTimeout as pause } from 'node:timers/promises';
import { below, between, chance, pick } from '../../../lib/base/index.js';
import { ZK_ERROR } from '../../../lib/wire/zookeeper/index.js';
import type { History } from '../../history/history.js';
import { children, create, exists, watchTree } from '../../zookeeper/requests.js';
import { Expired, Session, Unanswered } from '../../zookeeper/session.js';
import { from, SESSIONS } from './places.js';
import type { Client, Surroundings, Workload } from './workload.js';

const CLIENTS = 5;
/** The shortest that is granted, and one that is longer. */
const TIMEOUTS_MS = [4_000, 6_000];
const WITNESS_TIMEOUT_MS = 10_000;
const LOOK_MS = 300;

/** How a session comes to its end. */
const LIVES = ['short', 'long', 'moving', 'pausing', 'silent', 'left'] as const;

type Life = (typeof LIVES)[number] | 'bound';

/**
 * Sessions of every length with a node of their own each: closed, moved, left alone, silent for less or for more than
 * their timeout, or bound to one member whatever becomes of it; and a witness at each member that sees their nodes come and vanish.
 */
export class SessionClients implements Workload {
  private readonly clients: readonly SessionClient[];
  private readonly witnesses: readonly Witness[];

  constructor({ members, history, random }: Surroundings) {
    const roaming = Array.from({ length: CLIENTS }, (_, i) => {
      const client = { name: `session-${i}`, members: from(members, i), random: random.split() };
      return new SessionClient(client, history, LIVES);
    });
    const bound = members.map((member) => {
      const client = { name: `session-${member.id}`, members: [member], random: random.split() };
      return new SessionClient(client, history, ['bound']);
    });
    this.clients = [...roaming, ...bound];
    this.witnesses = members.map((member) => {
      return new Witness(() => new Session(`witness-${member.id}`, [member], WITNESS_TIMEOUT_MS, history));
    });
  }

  async start(): Promise<void> {
    await Promise.all(this.witnesses.map((witness) => witness.start()));
    for (const client of this.clients) client.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.stop()));
  }

  /** The nodes of all sessions are gone: none of their clients is there any more. */
  async awaited(): Promise<string | null> {
    const seen = await Promise.all(this.witnesses.map((witness) => witness.sees()));
    const names = seen.flatMap((one) => one ?? ['(a witness cannot look)']);
    return names.length === 0 ? null : `nodes of sessions that ended: ${names.slice(0, 5).join(', ')}`;
  }

  async close(): Promise<void> {
    await this.stop();
    await Promise.all(this.witnesses.map((witness) => witness.stop()));
  }
}

class SessionClient {
  private readonly client: Client;
  private readonly history: History;
  private readonly kinds: readonly Life[];
  private readonly stopping: AbortController = new AbortController();
  private loop: Promise<void> = Promise.resolve();
  private lives = 0;

  constructor(client: Client, history: History, kinds: readonly Life[]) {
    this.client = client;
    this.history = history;
    this.kinds = kinds;
  }

  start(): void {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const { name, members, random } = this.client;
      const session = new Session(name, from(members, this.lives), pick(random, TIMEOUTS_MS), this.history);
      const giveUp = (): void => {
        if (!session.attached) session.abandon();
      };
      signal.addEventListener('abort', giveUp);
      try {
        await session.ready();
        await this.live(session, pick(random, this.kinds));
      } catch (error) {
        if (!(error instanceof Expired || error instanceof Unanswered)) throw error;
      } finally {
        signal.removeEventListener('abort', giveUp);
        if (!session.over) await session.close();
      }
      await this.rest(below(random, 200));
    }
  }

  private async live(session: Session, life: Life): Promise<void> {
    const { random } = this.client;
    const node = `${SESSIONS}/${this.client.name}-${++this.lives}`;
    await session.ask(create(node, session.id, 'ephemeral'));
    const third = Math.floor(session.timeoutMs / 3);
    const lookFor = (ms: number): Promise<void> => this.look(session, node, ms);
    switch (life) {
      case 'short':
        return lookFor(between(random, 100, 1_500));
      case 'long':
        return lookFor(between(random, 4, 9) * third);
      case 'moving':
        for (let moves = between(random, 2, 6); moves > 0 && !this.stopping.signal.aborted; moves--) {
          session.move();
          await session.ready();
          await lookFor(between(random, 50, third));
        }
        return;
      case 'pausing':
        // Up to two thirds it is sure to find its session alive; beyond that it has a chance.
        await this.silence(session, between(random, third, session.timeoutMs), chance(random, 0.3));
        return lookFor(third);
      case 'silent':
        await this.silence(session, between(random, 4, 6) * third, chance(random, 0.3));
        return lookFor(third);
      case 'left':
        return session.abandon();
      case 'bound':
        // When its member is cut off, it is for the member to say so: nobody else tells this client.
        session.behave('patient');
        return lookFor(between(random, 4, 12) * third);
    }
  }

  /** Says nothing for a time; `away`: without a connection, too. Then it goes on as if nothing had been. */
  private async silence(session: Session, ms: number, away: boolean): Promise<void> {
    session.behave('silent');
    await this.rest(ms);
    session.behave('usual');
    if (away) session.move();
    await session.ready();
  }

  /** Looks after its own node: without a sync, for what is its own must be there wherever it is. */
  private async look(session: Session, node: string, ms: number): Promise<void> {
    const untilMs = performance.now() + ms;
    while (!this.stopping.signal.aborted && performance.now() < untilMs) {
      await session.ready();
      try {
        await session.ask(exists(node));
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
      }
      await this.rest(LOOK_MS);
    }
  }

  private async rest(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

/** Hears of every node that vanishes where it is, and looks at all of them again and again. */
class Witness {
  private readonly open: () => Session;
  private session: Session;
  private loop: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(open: () => Session) {
    this.open = open;
    this.session = open();
  }

  async start(): Promise<void> {
    await this.session.ready();
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (!this.session.attached) this.session.abandon();
    await this.loop;
    await this.session.close();
  }

  /** Names that are there, by its own member; null: nobody says. */
  async sees(): Promise<readonly string[] | null> {
    return this.session.ask(children(SESSIONS)).then(
      ({ names }) => names,
      () => null,
    );
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.session.ready();
        // Once for each connection would do; again does no harm.
        await this.session.ask(watchTree(SESSIONS));
        const { err } = await this.session.askSynced({ ...children(SESSIONS), path: SESSIONS });
        if (err !== ZK_ERROR.ok) throw new Error(`${SESSIONS} cannot be read: ${err}`);
      } catch (error) {
        if (error instanceof Expired) {
          if (!this.stopped) this.session = this.open();
        } else if (!(error instanceof Unanswered)) throw error;
      }
      await pause(LOOK_MS);
    }
  }
}
