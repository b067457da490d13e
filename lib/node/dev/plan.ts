import path from 'node:path';
import { TepuiError } from '../../base/index.js';
import { OFF } from '../config/schema.js';
import type { ChildSpec } from './children.js';

/** What `dev` is asked to run. */
export interface DevOptions {
  readonly dir: string;
  readonly masters: number;
  readonly agents: number;
  readonly portOffset: number;
  readonly sample: boolean;
  readonly respawn: boolean;
  readonly json: boolean;
  readonly fresh: boolean;
}

export interface MasterPlan {
  readonly id: string;
  readonly folder: string;
  readonly grpc: string;
  readonly peer: string;
  readonly zookeeper: string;
  /** Clusters that are not for people have none. */
  readonly http?: string;
}

export interface AgentPlan {
  readonly id: string;
  readonly folder: string;
}

export interface DevPlan {
  readonly masters: readonly MasterPlan[];
  readonly agents: readonly AgentPlan[];
  readonly sampleFolder: string;
}

const HOST = '127.0.0.1';
/** Base ports of the first master; the next ones follow in steps of 100. */
const HTTP = 5050;
const GRPC = 5060;
const PEER = 5070;
const ZOOKEEPER = 2181;
/** Whoever comes to a cluster of one machine comes from one address, and may look at everything. */
const LOCAL = { maxConnectionsPerAddress: 0, words: ['*'] };
const STEP = 100;
const LAST_PORT = 65_535;

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Throws USAGE when the offset moves a port beyond the last one there is. */
export function makePlan({ dir, masters, agents, portOffset }: DevOptions): DevPlan {
  const room = LAST_PORT - (PEER + STEP * (masters - 1));
  if (portOffset > room) {
    throw new TepuiError(
      'USAGE',
      `--port-offset can be ${room} at most with ${masters} masters, not ${portOffset}`,
    );
  }
  const door = (base: number, i: number) => `${HOST}:${base + STEP * i + portOffset}`;
  return {
    masters: range(masters).map((i) => {
      const id = `m${i + 1}`;
      // Clients of ZooKeeper expect its servers side by side.
      const zookeeper = `${HOST}:${ZOOKEEPER + i + portOffset}`;
      const doors = { grpc: door(GRPC, i), peer: door(PEER, i), zookeeper, http: door(HTTP, i) };
      return { id, folder: path.join(dir, id), ...doors };
    }),
    agents: range(agents).map((i) => ({ id: `a${i + 1}`, folder: path.join(dir, `a${i + 1}`) })),
    sampleFolder: path.join(dir, 'sample'),
  };
}

/** Where the configuration of a process of the plan is. */
export function configFile(folder: string): string {
  return path.join(folder, 'config.yaml');
}

/** Configuration files of the plan, by path, as plain values for YAML. */
export function configFiles(plan: DevPlan): Map<string, unknown> {
  const members = Object.fromEntries(plan.masters.map(({ id, peer }) => [id, peer]));
  const files = new Map<string, unknown>();
  for (const { id, folder, grpc, peer, zookeeper, http } of plan.masters) {
    const listen = { grpc, peer, zookeeper, http: http ?? OFF };
    files.set(configFile(folder), { id, dataDir: folder, listen, members, zookeeper: LOCAL });
  }
  const masters = plan.masters.map(({ grpc }) => grpc);
  for (const { id, folder } of plan.agents) {
    // Declared, not measured: the sample must fit whatever the machine has.
    const resources = { cpus: 4, mem: 4096, disk: 10_240 };
    files.set(configFile(folder), { id, dataDir: folder, masters, resources });
  }
  return files;
}

/** The processes of the plan, in the order in which they are started. */
export function childSpecs({ masters, agents, sampleFolder }: DevPlan, sample: boolean): ChildSpec[] {
  const process = (kind: string) => {
    return ({ id, folder }: AgentPlan) => ({ id, folder, args: [kind, '--config', configFile(folder)] });
  };
  const addresses = masters.map(({ grpc }) => grpc).join(',');
  const state = path.join(sampleFolder, 'framework.json');
  const sampleArgs = ['sample', '--masters', addresses, '--state', state];
  return [
    ...masters.map(process('master')),
    ...agents.map(process('agent')),
    ...(sample ? [{ id: 'sample', folder: sampleFolder, args: sampleArgs }] : []),
  ];
}
