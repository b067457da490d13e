import path from 'node:path';

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
const GRPC = 5060;
const PEER = 5070;
const STEP = 100;

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

export function makePlan({ dir, masters, agents, portOffset }: DevOptions): DevPlan {
  const door = (base: number, i: number) => `${HOST}:${base + STEP * i + portOffset}`;
  return {
    masters: range(masters).map((i) => {
      const id = `m${i + 1}`;
      return { id, folder: path.join(dir, id), grpc: door(GRPC, i), peer: door(PEER, i) };
    }),
    agents: range(agents).map((i) => ({ id: `a${i + 1}`, folder: path.join(dir, `a${i + 1}`) })),
    sampleFolder: path.join(dir, 'sample'),
  };
}

/** Configuration files of the plan, by path, as plain values for YAML. */
export function configFiles(plan: DevPlan): Map<string, unknown> {
  const members = Object.fromEntries(plan.masters.map(({ id, peer }) => [id, peer]));
  const files = new Map<string, unknown>();
  for (const { id, folder, grpc, peer } of plan.masters) {
    files.set(path.join(folder, 'config.yaml'), { id, dataDir: folder, listen: { grpc, peer }, members });
  }
  const masters = plan.masters.map(({ grpc }) => grpc);
  for (const { id, folder } of plan.agents) {
    // Declared, not measured: the sample must fit whatever the machine has.
    const resources = { cpus: 4, mem: 4096, disk: 10_240 };
    files.set(path.join(folder, 'config.yaml'), { id, dataDir: folder, masters, resources });
  }
  return files;
}
