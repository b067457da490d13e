import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { Operator, TepuiError, Tree, type ClusterStatus } from '../../lib/client/index.js';
import { freeOffset } from './dev-cluster.js';
import { eventually } from './eventually.js';
import { TepuiProcess, logTail, tepui, type Ending } from './tepui-process.js';

const LIMIT_MS = 60_000;

interface Place {
  readonly folder: string;
  readonly grpc: string;
  readonly peer: string;
}

/** Masters that come and go as an operator has them, by the commands that an operator has. */
export class GrowingGroup {
  readonly dir: string;
  readonly processes: Map<string, TepuiProcess> = new Map();
  readonly operator: Operator;
  private readonly places: ReadonlyMap<string, Place>;

  private constructor(dir: string, offset: number, ids: readonly string[]) {
    this.dir = dir;
    const place = (id: string, i: number): [string, Place] => {
      const door = (base: number): string => `127.0.0.1:${base + 100 * i + offset}`;
      return [id, { folder: path.join(dir, id), grpc: door(5060), peer: door(5070) }];
    };
    this.places = new Map(ids.map(place));
    this.operator = new Operator({ addresses: this.addresses });
  }

  /** Room for masters of these ids; the first founds the group alone. */
  static async of(ids: readonly string[]): Promise<GrowingGroup> {
    const dir = mkdtempSync(path.join(tmpdir(), 'tepui-members-'));
    const group = new GrowingGroup(dir, await freeOffset(ids.length), ids);
    const [first] = ids as [string];
    const { peer } = group.place(first);
    group.start(first, ['--config', group.file(first, { members: { [first]: peer } })]);
    await group.until(`${first} leads`, ({ leader }) => leader === first);
    return group;
  }

  get addresses(): string[] {
    return [...this.places.values()].map(({ grpc }) => grpc);
  }

  place(id: string): Place {
    return this.places.get(id)!;
  }

  /** What an operator types: `tepui members …`. */
  members(...args: readonly string[]): Promise<Ending> {
    return tepui(['members', ...args, '--masters', this.addresses.join(','), '--timeout', '20']);
  }

  /** Starts a new master with a token of its own, and one address. */
  async join(id: string, via: string): Promise<void> {
    const { stdout, stderr, code } = await this.members('add', id, '--json');
    if (code !== 0) throw new Error(`members add: ${stderr}`);
    const { token } = JSON.parse(stdout) as { token: string };
    this.startWith(id, token, via);
  }

  startWith(id: string, token: string, via: string): TepuiProcess {
    const { folder, grpc, peer } = this.place(id);
    const doors = [
      '--listen-grpc',
      grpc,
      '--listen-peer',
      peer,
      '--listen-zookeeper',
      'off',
      '--listen-http',
      'off',
    ];
    const how = ['--join', token, '--masters', this.place(via).peer];
    return this.start(id, ['--id', id, '--data-dir', folder, ...doors, ...how]);
  }

  start(id: string, args: readonly string[]): TepuiProcess {
    const process = new TepuiProcess(['master', ...args]);
    this.processes.set(id, process);
    return process;
  }

  /** How the master ended by itself. */
  async ended(id: string): Promise<Ending> {
    const process = this.processes.get(id)!;
    await this.until(`${id} has ended`, () => process.hasEnded);
    return process.whenEnded;
  }

  async until(what: string, reached: (status: ClusterStatus) => boolean): Promise<void> {
    try {
      await eventually(async () => reached(await this.operator.status(1000)), LIMIT_MS, what);
    } catch (error) {
      const logs = [...this.processes].map(([id, { stderr }]) => {
        return `${id}: ${stderr}\n${logTail(this.place(id).folder)}`;
      });
      throw new Error(`${String(error)}\n${logs.join('\n')}`, { cause: error });
    }
  }

  /** Exactly these vote, and that is committed: a change counts from the moment it is proposed, and may be lost. */
  untilVoters(...ids: readonly string[]): Promise<void> {
    let seenAt = Infinity;
    return this.until(`${ids.join(', ')} vote`, ({ leader, members }) => {
      const voters = members.filter(({ voter, role }) => voter && role !== 'unreachable');
      const serving = voters.every(({ healthy, role }) => healthy && role !== 'candidate');
      const leading = members.find(({ id }) => id === leader);
      const reached = serving && voters.map(({ id }) => id).join() === ids.join();
      if (!reached || leading === undefined) {
        seenAt = Infinity;
        return false;
      }
      seenAt = Math.min(seenAt, leading.lastIndex);
      return leading.commitIndex >= seenAt;
    });
  }

  async end(): Promise<void> {
    this.operator.close();
    await Promise.all([...this.processes.values()].map((process) => process.end('SIGKILL')));
    rmSync(this.dir, { recursive: true, force: true });
  }

  private file(id: string, more: object): string {
    const { folder, grpc, peer } = this.place(id);
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'config.yaml');
    writeFileSync(
      file,
      stringify({ id, dataDir: folder, listen: { grpc, peer, zookeeper: 'off', http: 'off' }, ...more }),
    );
    return file;
  }
}

/** Writes without a pause, each when the one before was answered; remembers what was acknowledged and what failed. */
export class Writers {
  readonly acknowledged: string[] = [];
  readonly failures: string[] = [];
  private readonly tree: Tree;
  private readonly loops: Promise<void>[];
  private stopped = false;

  constructor(addresses: readonly string[], count: number) {
    this.tree = new Tree({ addresses });
    this.loops = Array.from({ length: count }, (_, i) => this.loop(i));
  }

  /** Names that were acknowledged and are not there. */
  async lost(): Promise<string[]> {
    const found = await Promise.all(
      this.acknowledged.map(async (name) => ((await this.tree.get(name)) === null ? [name] : [])),
    );
    return found.flat();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.loops);
  }

  /** What is being written meanwhile is given up: with every master gone it would never be answered. */
  async close(): Promise<void> {
    this.stopped = true;
    await this.tree.close();
    await Promise.all(this.loops);
  }

  private async loop(writer: number): Promise<void> {
    for (let n = 0; !this.stopped; n++) {
      const name = `/w${writer}-${n}`;
      try {
        await this.tree.create(name, Buffer.from(name));
        this.acknowledged.push(name);
      } catch (error) {
        this.failures.push(`${name}: ${error instanceof TepuiError ? error.code : String(error)}`);
      }
    }
  }
}
