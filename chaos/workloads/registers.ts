import { setTimeout as pause } from 'node:timers/promises';
import { SeededRandom, below, chance, pick, type Random } from '../../lib/base/index.js';
import { TepuiError, Tree } from '../../lib/client/index.js';
import type { History, RegisterAction, RegisterResult } from '../history/history.js';
import type { Register } from '../judges/register.js';

const KEYS = 6;
/** Beside one roaming client for every second member, so many that speak to one member only. */
const PINNED_PER_MEMBER = 2;
const ROAMING = 2;
/** A pinned client gives up soon: its member may be dead, and waiting tells nothing. */
const PINNED_TIMEOUT_MS = 2000;
const ROAMING_TIMEOUT_MS = 8000;
/** Between two operations of a client: enough load to see every gap, little enough to judge in seconds. */
const PAUSE_MS = 12;
const SETUP_LIMIT_MS = 20_000;

interface Client {
  readonly name: string;
  readonly tree: Tree;
  readonly random: Random;
  /** The version this client saw last, by key. */
  readonly seen: Map<string, number>;
}

/**
 * Closed-loop clients on a few registers: reads, writes and compare-and-sets with values never used twice. Some
 * speak to one member only, so that what a cut-off member answers is seen.
 */
export class Registers {
  readonly keys: readonly string[] = Array.from({ length: KEYS }, (_, i) => `/chaos/k${i}`);
  /** What each key held before the first operation of the history. */
  readonly initial: Map<string, Register> = new Map();
  private readonly history: History;
  private readonly clients: readonly Client[];
  private loops: Promise<void>[] = [];
  private stopped = false;
  private lastValue = 0;

  constructor(addresses: readonly string[], history: History, random: SeededRandom) {
    this.history = history;
    const pinned = Array.from({ length: PINNED_PER_MEMBER * addresses.length }, (_, i) => {
      const member = i % addresses.length;
      return { name: `pinned-${member + 1}-${i}`, addresses: [addresses[member]!] };
    });
    const roaming = Array.from({ length: ROAMING }, (_, i) => ({ name: `roaming-${i}`, addresses }));
    this.clients = [...pinned, ...roaming].map((client) => ({
      name: client.name,
      tree: new Tree({
        addresses: client.addresses,
        callTimeoutMs: client.addresses.length === 1 ? PINNED_TIMEOUT_MS : ROAMING_TIMEOUT_MS,
      }),
      random: random.split(),
      seen: new Map(),
    }));
  }

  async start(): Promise<void> {
    await this.setUp();
    this.loops = this.clients.map((client) => this.loop(client));
  }

  /** Resolves when every operation is answered or given up. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.loops);
  }

  /** Reads every key once through each client; part of the history, so that what was lost at the end is seen. */
  async readAll(): Promise<void> {
    await Promise.all(
      this.clients.map(async (client) => {
        for (const key of this.keys) await this.run(client, key, { f: 'read' });
      }),
    );
  }

  async close(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.clients.map(({ tree }) => tree.close()));
  }

  private async setUp(): Promise<void> {
    const tree = this.clients.at(-1)!.tree;
    const untilMs = performance.now() + SETUP_LIMIT_MS;
    for (const path of ['/chaos', ...this.keys]) {
      while (!(await created(tree, path))) {
        if (performance.now() > untilMs)
          throw new Error(`${path} could not be created in ${SETUP_LIMIT_MS} ms`);
      }
    }
    for (const key of this.keys) {
      const { data, stat } = await tree.get(key);
      this.initial.set(key, { value: text(data), version: stat.version });
    }
  }

  private async loop(client: Client): Promise<void> {
    while (!this.stopped) {
      const key = pick(client.random, this.keys);
      await this.run(client, key, this.choose(client, key));
      await pause(below(client.random, 2 * PAUSE_MS));
    }
  }

  private choose({ name, random, seen }: Client, key: string): RegisterAction {
    const expected = seen.get(key);
    if (expected === undefined || chance(random, 0.5)) return { f: 'read' };
    const value = `${name}:${++this.lastValue}`;
    return chance(random, 0.2) ? { f: 'write', value } : { f: 'cas', value, expected };
  }

  private async run(client: Client, key: string, action: RegisterAction): Promise<void> {
    const { history } = this;
    const id = history.nextId();
    history.add({ type: 'invoke', id, process: client.name, key, ...action });
    try {
      const result = await perform(client.tree, key, action);
      history.add({ type: 'ok', id, ...result });
      client.seen.set(key, result.version);
    } catch (error) {
      const { code, certainty } =
        error instanceof TepuiError ? error : new TepuiError('INTERNAL', String(error));
      history.add({ type: certainty === 'not-done' ? 'fail' : 'info', id, code });
      client.seen.delete(key);
    }
  }
}

async function perform(tree: Tree, key: string, action: RegisterAction): Promise<RegisterResult> {
  if (action.f === 'read') {
    const { data, stat, index } = await tree.get(key);
    return { value: text(data), version: stat.version, index };
  }
  const expected = action.f === 'cas' ? action.expected : -1;
  const { stat, index } = await tree.set(key, Buffer.from(action.value), expected);
  return { value: action.value, version: stat.version, index };
}

async function created(tree: Tree, path: string): Promise<boolean> {
  return tree.create(path).then(
    () => true,
    (error: unknown) => error instanceof TepuiError && error.code === 'NODE_EXISTS',
  );
}

function text(data: Uint8Array): string {
  return Buffer.from(data).toString();
}
