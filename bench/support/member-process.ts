import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from './ports.js';

/** What a member's process is told at its start. */
export interface MemberSetup {
  readonly id: string;
  readonly folder: string;
  readonly address: string;
  readonly peers: Record<string, string>;
}

const STOP_MS = 20_000;
const LEADER_MS = 30_000;

/** The process of one member, which carries out one order at a time; it may be stopped and started again. */
export class MemberProcess<Order extends object, Answer> {
  private readonly script: string;
  private readonly setup: MemberSetup;
  private child: ChildProcess | null = null;
  private ended: Promise<null> | null = null;

  constructor(script: string, setup: MemberSetup) {
    this.script = script;
    this.setup = setup;
  }

  get id(): string {
    return this.setup.id;
  }

  async start(): Promise<void> {
    mkdirSync(this.setup.folder, { recursive: true });
    const env = { ...process.env, UV_THREADPOOL_SIZE: '8' };
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    this.child = fork(this.script, [JSON.stringify(this.setup)], { stdio: [...stdio], env });
    this.ended = once(this.child, 'exit').then(() => null);
    await once(this.child, 'message');
  }

  async order(order: Order): Promise<Answer> {
    const { child } = this;
    if (child === null) throw new Error(`${this.id} does not run`);
    const answer = once(child, 'message');
    child.send(order);
    const first = await Promise.race([answer, this.ended]);
    if (first === null) throw new Error(`${this.id} ended over an order`);
    return first[0] as Answer;
  }

  /** Ends it in order, so that a profile of it is written; by force when that takes too long. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child === null) return;
    this.child = null;
    const ended = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.send({ kind: 'stop' }, () => undefined);
    await ended;
    clearTimeout(timer);
  }

  /** Deletes the folder of a stopped member: it starts as a new one under the old name. */
  wipe(): void {
    if (this.child !== null) throw new Error(`${this.id} still runs`);
    rmSync(this.setup.folder, { recursive: true, force: true });
  }
}

/** The processes of a group of three, started; `script` calls `serveOrders`. */
export async function startGroup<Order extends object, Answer>(
  script: string,
  folder: string,
): Promise<MemberProcess<Order, Answer>[]> {
  const ports = await freePorts(3);
  const peers = Object.fromEntries(ports.map((port, i) => [`m${i + 1}`, `127.0.0.1:${port}`]));
  const members = Object.entries(peers).map(
    ([id, address]) =>
      new MemberProcess<Order, Answer>(script, { id, folder: path.join(folder, id), address, peers }),
  );
  await Promise.all(members.map((member) => member.start()));
  return members;
}

/** Asks every 50 ms until the answer is not null. */
export async function until<T>(what: string, ms: number, probe: () => Promise<T | null>): Promise<T> {
  for (const end = performance.now() + ms; performance.now() < end; await delay(50)) {
    const found = await probe();
    if (found !== null) return found;
  }
  throw new Error(`${what}: not within ${ms} ms`);
}

export function leaderOf<Member extends { order(order: { kind: 'status' }): Promise<{ leading: boolean }> }>(
  members: readonly Member[],
): Promise<Member> {
  return until('a leader', LEADER_MS, async () => {
    for (const member of members) if ((await member.order({ kind: 'status' })).leading) return member;
    return null;
  });
}
