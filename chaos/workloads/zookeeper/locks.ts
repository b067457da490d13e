import { setTimeout as pause } from 'node:timers/promises';
import { between, chance } from '../../../lib/base/index.js';
import { ZK_ERROR } from '../../../lib/wire/zookeeper/index.js';
import type { History } from '../../history/history.js';
import { children, create, exists, remove } from '../../zookeeper/requests.js';
import { Expired, Session, Unanswered } from '../../zookeeper/session.js';
import { from, LOCK } from './places.js';
import type { Client, Surroundings, Workload } from './workload.js';

const CONTENDERS = 4;
const TIMEOUT_MS = 4_000;
/** Holders that are never heard of again: the lock is free when their session has expired. */
const LEAVE_CHANCE = 0.04;
const LONG_CHANCE = 0.1;
const FENCE_MS = 25;
/** A predecessor that went away unseen is looked for again after so long, and not before: a lost event is to show. */
const PATIENCE_MS = 20_000;
const SEQUENCE_DIGITS = 10;

/**
 * Contenders for a lock by the usual recipe: a sequential ephemeral node each, and a watch on the one before. The holder
 * numbers what it does to the guarded thing, outside of the cluster, with the zxid of its node.
 */
export class LockClients implements Workload {
  private readonly contenders: readonly Contender[];

  constructor({ members, history, random }: Surroundings) {
    this.contenders = Array.from({ length: CONTENDERS }, (_, i) => {
      const client = { name: `lock-${i}`, members: from(members, i), random: random.split() };
      return new Contender(client, history);
    });
  }

  start(): Promise<void> {
    for (const contender of this.contenders) contender.start();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await Promise.all(this.contenders.map((contender) => contender.stop()));
  }

  awaited(): Promise<null> {
    return Promise.resolve(null);
  }

  async close(): Promise<void> {
    await this.stop();
  }
}

class Contender {
  private readonly client: Client;
  private readonly history: History;
  private session: Session;
  private loop: Promise<void> = Promise.resolve();
  private stopped = false;
  private turns = 0;
  /** Called by whatever may mean that it is its turn. */
  private nudge: () => void = () => undefined;

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
    this.nudge();
    if (!this.session.attached) this.session.abandon();
    await this.loop;
    await this.session.close();
  }

  private open(): Session {
    const { name, members } = this.client;
    return new Session(name, from(members, this.turns), TIMEOUT_MS, this.history, {
      // Where it was watched, the watch is gone with the connection.
      attached: () => this.nudge(),
      lost: () => this.nudge(),
      event: () => this.nudge(),
    });
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const { session } = this;
      try {
        await session.ready();
        await this.turn(session, `${this.client.name}-${++this.turns}-`);
      } catch (error) {
        if (!(error instanceof Expired || error instanceof Unanswered)) throw error;
      }
      if (this.stopped) return;
      if (session.over) this.session = this.open();
      await pause(between(this.client.random, 5, 40));
    }
  }

  /** One node, until it is deleted. `prefix` is of this turn alone, so that a node whose creation is unknown is found. */
  private async turn(session: Session, prefix: string): Promise<void> {
    await session.ask(create(`${LOCK}/${prefix}`, session.id, 'ephemeralSequential')).catch(unlessUnanswered);
    for (;;) {
      await session.ready();
      const nudged = new Promise<'nudged'>((resolve) => (this.nudge = () => resolve('nudged')));
      const place = await this.place(session, prefix).catch(unlessUnanswered);
      if (place === undefined) continue;
      if (place.own === null) return;
      if (this.stopped) return this.give(session, place.own);
      if (place.before === null) return this.hold(session, place.own);
      const watched = await session.ask(exists(place.before, true)).catch(unlessUnanswered);
      if (watched?.err === ZK_ERROR.ok)
        await Promise.race([nudged, pause(PATIENCE_MS, undefined, { ref: false })]);
    }
  }

  /** Its own node and the one before it, by sequence number. */
  private async place(
    session: Session,
    prefix: string,
  ): Promise<{ readonly own: string | null; readonly before: string | null }> {
    const { names } = await session.ask(children(LOCK));
    const inLine = [...(names ?? [])].sort((a, b) => sequenceOf(a) - sequenceOf(b));
    const at = inLine.findIndex((name) => name.startsWith(prefix));
    const pathAt = (i: number): string | null => (i in inLine ? `${LOCK}/${inLine[i]}` : null);
    return { own: pathAt(at), before: pathAt(at - 1) };
  }

  private async hold(session: Session, own: string): Promise<void> {
    const { random } = this.client;
    const found = await session.ask(exists(own));
    if (found.stat === null) return;
    const { history } = this;
    const fence = found.stat.czxid;
    const beginNs = history.now();
    const holdsNs = between(random, 30, chance(random, LONG_CHANCE) ? 3_000 : 200) * 1e6;
    if (beginNs >= session.sureUntilNs) return;
    history.wire(session.client, session.id, { wire: 'hold', fence });
    for (;;) {
      const sureUntilNs = session.attached ? session.sureUntilNs : session.wasSureUntilNs;
      const nowNs = history.now();
      const untilNs = Math.min(nowNs, sureUntilNs);
      const why = !session.attached
        ? 'the connection was lost'
        : nowNs >= sureUntilNs
          ? 'no answer for too long'
          : nowNs - beginNs >= holdsNs
            ? 'done'
            : null;
      if (why !== null) {
        history.wire(session.client, session.id, { wire: 'release', fence, untilNs, why });
        break;
      }
      history.wire(session.client, session.id, { wire: 'fence', fence });
      await pause(FENCE_MS);
    }
    if (chance(random, LEAVE_CHANCE)) session.abandon();
    else await this.give(session, own);
  }

  /** Until it is known to be gone, over every change of the connection. */
  private async give(session: Session, own: string): Promise<void> {
    for (;;) {
      await session.ready();
      const answer = await session.ask(remove(own)).catch(unlessUnanswered);
      if (answer !== undefined || this.stopped) return;
    }
  }
}

function sequenceOf(name: string): number {
  return Number(name.slice(-SEQUENCE_DIGITS));
}

function unlessUnanswered(error: unknown): undefined {
  if (!(error instanceof Unanswered)) throw error;
}
