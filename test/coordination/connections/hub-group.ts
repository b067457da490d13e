import assert from 'node:assert/strict';
import type { MemberId, SessionId } from '../../../lib/base/index.js';
import {
  SessionHub,
  type Arrived,
  type AttachedSession,
  type ClientLink,
  type EndCause,
  type SessionKey,
} from '../../../lib/coordination/index.js';
import { MASTER_LIMITS, createMaster, encodeReport } from '../../../lib/master/index.js';
import type { Outcome } from '../../../lib/replica/index.js';
import {
  DEFAULT_LIMITS,
  OPEN_ACL,
  type AclEntry,
  type CreateMode,
  type Identity,
  type TreeOp,
} from '../../../lib/state/index.js';
import { Group, type GroupOptions } from '../../replica/group.js';
import type { TestProcess } from '../../replica/process.js';
import { quiet } from '../../support/quiet.js';

const TICK_MS = 100;

export function create(
  path: string,
  mode: CreateMode = 'persistent',
  acl: readonly AclEntry[] = OPEN_ACL,
): TreeOp {
  return { op: 'create', path, data: Buffer.from('x'), acl, mode, ttlMs: 0 };
}

export function set(path: string, data: string): TreeOp {
  return { op: 'set', path, data: Buffer.from(data), version: -1 };
}

/** What a client behind a connection gets, in order, and how the connection ended. */
export class TestClient implements ClientLink {
  readonly log: string[] = [];
  cause: EndCause | null = null;
  endedAtMs = 0;
  session!: AttachedSession;
  private readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  get key(): SessionKey {
    return { session: this.session.session, password: this.session.password };
  }

  get id(): SessionId {
    return this.session.session;
  }

  event(event: string, path: string): void {
    this.log.push(`${event} ${path}`);
  }

  ended(cause: EndCause): void {
    assert.equal(this.cause, null, 'a connection ends once');
    this.cause = cause;
    this.endedAtMs = this.nowMs();
  }

  /** Writes, and logs the answer under `name`. */
  write(name: string, ...ops: readonly TreeOp[]): void {
    this.session.write(ops, ops.length > 1, (outcome) => this.log.push(`${name}: ${told(outcome)}`));
  }

  /** Reads, and logs what `path` holds. */
  read(path: string): void {
    this.session.read(({ tree }) => {
      const node = tree.get(path);
      this.log.push(`${path} is ${node === null ? 'absent' : Buffer.from(node.data).toString()}`);
    });
  }
}

function told(outcome: Outcome): string {
  if (outcome.kind !== 'applied') return outcome.kind;
  return outcome.result.ok ? 'done' : outcome.result.code;
}

/** One life of a member with the services that sessions need: its hub, and the loops of a leader. */
export class Home {
  readonly process: TestProcess;
  readonly hub: SessionHub;
  private reporting = false;

  constructor(group: Group, process: TestProcess) {
    const { member, clock, timers, disk } = process;
    const random = group.random.split();
    this.process = process;
    this.hub = new SessionHub({
      replica: member,
      node: () => disk.identity.nodeId,
      clock,
      random,
      reportSoon: () => this.reportSoon(),
    });
    const { hub } = this;
    member.listen({
      changed: (event) => hub.applied(event),
      reset: () => hub.reset(),
      livenessAcknowledged: (sentAtMs) => hub.acknowledged(sentAtMs),
    });
    const context = { replica: member, clock, timers, random, logger: quiet };
    createMaster({ ...context, machineLimits: DEFAULT_LIMITS, limits: MASTER_LIMITS }).start();
    this.tick();
  }

  get now(): number {
    return this.process.clock.monotonicMs();
  }

  /** Whether the session could be answered now. */
  answers(client: TestClient): boolean {
    return client.cause === null && this.hub.mayAnswer(client.session);
  }

  private tick(): void {
    this.process.timers.after(TICK_MS, () => {
      this.report();
      this.hub.tick();
      this.tick();
    });
  }

  private reportSoon(): void {
    if (this.reporting) return;
    this.reporting = true;
    this.process.timers.soon(() => {
      this.reporting = false;
      this.report();
    });
  }

  private report(): void {
    const heard = this.hub.takeHeard();
    if (heard.size === 0) return;
    const body = encodeReport({ agents: [], frameworks: [], sessions: [...heard] });
    this.hub.reported(this.process.member.reportLiveness(body), heard);
  }
}

/** A group whose members have coordination sessions, all in virtual time. */
export class HubGroup {
  readonly group: Group;
  private readonly homes: Map<MemberId, Home> = new Map();

  private constructor(group: Group) {
    this.group = group;
  }

  static async serving(options: GroupOptions = {}): Promise<HubGroup> {
    const group = await Group.serving(options);
    const hubs = new HubGroup(group);
    for (const process of group.alive) hubs.house(process);
    const known = (): boolean =>
      group.alive.every(
        ({ disk }) => group.leader?.member.machine.cluster.member(disk.identity.nodeId)?.node !== undefined,
      );
    await group.until('everybody is on record', known);
    await group.untilLevel();
    return hubs;
  }

  house(process: TestProcess): void {
    this.homes.set(process.id, new Home(this.group, process));
  }

  at(id: MemberId): Home {
    return this.homes.get(id)!;
  }

  get leader(): Home {
    return this.at(this.group.leader!.id);
  }

  /** Those that do not lead, in the order of their names. */
  get followers(): Home[] {
    return this.group.followers.map(({ id }) => this.at(id));
  }

  async open(
    home: Home,
    timeoutMs: number = 40_000,
    identities: readonly Identity[] = [],
  ): Promise<TestClient> {
    const client = new TestClient(() => this.group.time.monotonicMs());
    const arrived = await this.arrived((done) => {
      home.hub.open({ timeoutMs, identities, link: client }, done);
    });
    assert.equal(arrived.kind, 'attached');
    if (arrived.kind === 'attached') client.session = arrived.session;
    return client;
  }

  async attach(
    home: Home,
    key: SessionKey,
    timeoutMs: number = 40_000,
  ): Promise<{ kind: Arrived['kind']; client: TestClient }> {
    const client = new TestClient(() => this.group.time.monotonicMs());
    const arrived = await this.arrived((done) => {
      home.hub.attach(key, { timeoutMs, identities: [], link: client }, done);
    });
    if (arrived.kind === 'attached') client.session = arrived.session;
    return { kind: arrived.kind, client };
  }

  /** Waits until `client` was told `count` things. */
  async told(client: TestClient, count: number): Promise<readonly string[]> {
    await this.group.until(`${count} answers`, () => client.log.length >= count);
    return client.log;
  }

  async until(what: string, reached: () => boolean, limitMs?: number): Promise<void> {
    await this.group.until(what, reached, limitMs);
  }

  private async arrived(ask: (done: (arrived: Arrived) => void) => void): Promise<Arrived> {
    let end: Arrived | null = null;
    ask((arrived) => {
      assert.equal(end, null, 'an arrival ends once');
      end = arrived;
    });
    await this.group.until('an arrival ends', () => end !== null);
    return end!;
  }
}
