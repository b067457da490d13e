import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { Operator, TepuiError, Tree } from '../../lib/client/index.js';
import { freeOffset } from './dev-cluster.js';
import { eventually } from './eventually.js';
import { TepuiProcess, logTail, type Ending } from './tepui-process.js';

const LIMIT_MS = 60_000;

/** A group of one member in a folder of the test's choice, and a client that remembers what it was promised. */
export class LoneMaster {
  readonly dataDir: string;
  readonly address: string;
  /** For ZooKeeper clients. */
  readonly door: string;
  /** Nodes whose creation was acknowledged and whose deletion was not, with their data. */
  readonly promised: Map<string, Buffer> = new Map();
  process: TepuiProcess | null = null;
  private readonly config: string;
  private tree: Tree | null = null;
  private created = 0;

  private constructor(folder: string, offset: number) {
    this.dataDir = path.join(folder, 'm1');
    this.address = `127.0.0.1:${5060 + offset}`;
    this.config = path.join(folder, 'm1.yaml');
    const peer = `127.0.0.1:${5070 + offset}`;
    mkdirSync(folder, { recursive: true });
    this.door = `127.0.0.1:${2181 + offset}`;
    const listen = { grpc: this.address, peer, zookeeper: this.door, http: 'off' };
    const { dataDir } = this;
    writeFileSync(this.config, stringify({ id: 'm1', dataDir, listen, members: { m1: peer } }));
  }

  static async in(folder: string): Promise<LoneMaster> {
    return new LoneMaster(folder, await freeOffset(1));
  }

  /** Starts it and waits until it leads; `before`: commands of bash that run first, limits mostly. */
  async start(before?: string): Promise<void> {
    await this.end();
    const args = ['master', '--config', this.config];
    const process = new TepuiProcess(args, before === undefined ? {} : { before });
    this.process = process;
    // Calls without an answer then end at once.
    void process.whenEnded.then(() => this.closeTree());
    this.tree = new Tree({ addresses: [this.address], callTimeoutMs: 3_000 });
    const operator = new Operator({ addresses: [this.address] });
    try {
      await eventually(
        async () => {
          if (process.hasEnded) return true;
          const { leader } = await operator.status(1000);
          return leader === 'm1';
        },
        LIMIT_MS,
        'a leader',
      );
      if (process.hasEnded) throw new Error(`it ended: ${process.stderr}\n${logTail(this.dataDir)}`);
    } finally {
      operator.close();
    }
  }

  async whenEnded(): Promise<Ending> {
    const ending = await this.process!.whenEnded;
    await this.closeTree();
    return ending;
  }

  async end(): Promise<void> {
    await this.closeTree();
    await this.process?.end();
  }

  /** Creates a node of incompressible data; null when that was acknowledged, else the code of the error. */
  async create(sizeBytes: number): Promise<string | null> {
    const name = `/n${this.created++}`;
    const data = noise(sizeBytes, this.created);
    const code = await this.codeOf((tree) => tree.create(name, data));
    if (code === null) this.promised.set(name, data);
    return code;
  }

  async delete(name: string): Promise<string | null> {
    const code = await this.codeOf((tree) => tree.delete(name));
    if (code === null) this.promised.delete(name);
    return code;
  }

  /** Names of nodes that were promised and are not there as they were. */
  async broken(): Promise<string[]> {
    const wrong: string[] = [];
    for (const [name, data] of this.promised) {
      const found = await this.tree!.get(name).catch(() => null);
      if (found === null || Buffer.compare(found.data, data) !== 0) wrong.push(name);
    }
    return wrong;
  }

  private async codeOf(call: (tree: Tree) => Promise<unknown>): Promise<string | null> {
    if (this.tree === null) return 'UNREACHABLE';
    try {
      await call(this.tree);
      return null;
    } catch (error) {
      return error instanceof TepuiError ? error.code : String(error);
    }
  }

  private async closeTree(): Promise<void> {
    const { tree } = this;
    this.tree = null;
    await tree?.close();
  }
}

function noise(sizeBytes: number, seed: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let i = 0; i < sizeBytes; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state & 0xff;
  }
  return bytes;
}
