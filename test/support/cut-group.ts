import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { choosePorts } from '../../chaos/cluster/ports.js';
import { Network, linksAmong } from '../../chaos/faults/network.js';
import { SeededRandom, must } from '../../lib/base/index.js';
import { Operator, type ClusterStatus } from '../../lib/client/index.js';
import { eventually } from './eventually.js';
import { TepuiProcess, logTail } from './tepui-process.js';

const IDS = ['m1', 'm2', 'm3'];
const LIMIT_MS = 60_000;

interface Place {
  readonly id: string;
  readonly folder: string;
  readonly grpc: string;
  readonly zookeeper: string;
}

/** Three real masters with a proxy on each way between two of them, and a door for ZooKeeper clients each. */
export class CutGroup {
  readonly network: Network;
  private readonly dir: string;
  private readonly places: ReadonlyMap<string, Place>;
  private readonly processes: Map<string, TepuiProcess> = new Map();
  private readonly operator: Operator;

  private constructor(dir: string, places: readonly Place[], network: Network) {
    this.dir = dir;
    this.places = new Map(places.map((place) => [place.id, place]));
    this.network = network;
    this.operator = new Operator({ addresses: places.map(({ grpc }) => grpc) });
  }

  /** Resolves when all of them serve; `zookeeper` is that part of each one's configuration. */
  static async start(zookeeper: object = {}): Promise<CutGroup> {
    const ports = await choosePorts(3 * IDS.length + linksAmong(IDS).length, new SeededRandom(Date.now()));
    const take = (): string => `127.0.0.1:${ports.shift()}`;
    const dir = mkdtempSync(path.join(tmpdir(), 'tepui-cut-'));
    const places = IDS.map((id) => ({
      id,
      folder: path.join(dir, id),
      grpc: take(),
      zookeeper: take(),
    }));
    const peers = new Map(IDS.map((id) => [id, take()]));
    const targets = new Map(Array.from(peers, ([id, peer]) => [id, Number(peer.split(':')[1])]));
    const network = new Network(IDS, ports, targets);
    await network.open();
    const group = new CutGroup(dir, places, network);
    for (const { id, folder, grpc, zookeeper: door } of places) {
      const own = peers.get(id)!;
      const others = network.linksFrom(id).map((link) => {
        return [link.to, `127.0.0.1:${network.link(link).port}`] as const;
      });
      mkdirSync(folder, { recursive: true });
      const listen = { grpc, peer: own, zookeeper: door, http: 'off' };
      // Else they would dial each other past the proxies.
      const members = { members: { [id]: own, ...Object.fromEntries(others) }, membersOnly: true };
      const config = { id, dataDir: folder, listen, ...members, zookeeper };
      writeFileSync(path.join(folder, 'config.yaml'), stringify(config));
      group.run(id);
    }
    await group.serving();
    return group;
  }

  door(id: string): string {
    return must(this.places.get(id), id).zookeeper;
  }

  others(id: string): string[] {
    return IDS.filter((one) => one !== id);
  }

  status(): Promise<ClusterStatus> {
    return this.operator.status(1000);
  }

  /** Who leads, once one of `among` does. */
  async leader(among: readonly string[] = IDS): Promise<string> {
    return eventually(
      async () => {
        const { members } = await this.status();
        return members.find(({ id, role }) => role === 'leader' && among.includes(id))?.id;
      },
      LIMIT_MS,
      `one of ${among.join(', ')} leads`,
    );
  }

  async serving(): Promise<void> {
    const all = async (): Promise<boolean> => {
      const { leader, members } = await this.status();
      const able = members.filter(
        ({ role, healthy }) => healthy && (role === 'leader' || role === 'follower'),
      );
      return leader !== null && able.length === IDS.length;
    };
    try {
      await eventually(all, LIMIT_MS, 'all of them serve');
    } catch (error) {
      const logs = [...this.processes].map(([id, { stderr }]) => {
        return `${id}: ${stderr}\n${logTail(path.join(this.dir, id))}`;
      });
      throw new Error(`${String(error)}\n${logs.join('\n')}`, { cause: error });
    }
  }

  /** Nothing passes between `id` and the others until the returned function is called. */
  cutOff(id: string): () => void {
    const links = [...this.network.linksFrom(id), ...this.network.linksTo(id)];
    const undo = links.map((link) => this.network.link(link).cut());
    return () => {
      for (const one of undo) one();
    };
  }

  signal(id: string, signal: NodeJS.Signals): void {
    process.kill(must(this.processes.get(id), id).pid, signal);
  }

  async kill(id: string): Promise<void> {
    await must(this.processes.get(id), id).end('SIGKILL');
  }

  run(id: string): void {
    const file = path.join(must(this.places.get(id), id).folder, 'config.yaml');
    this.processes.set(id, new TepuiProcess(['master', '--config', file]));
  }

  async end(): Promise<void> {
    this.operator.close();
    this.network.healAll();
    await Promise.all([...this.processes.values()].map((process) => process.end('SIGKILL')));
    this.network.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
