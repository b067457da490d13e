import type { SeededRandom } from '../lib/base/index.js';
import type { Cluster } from './cluster/cluster.js';
import type { History } from './history/history.js';
import type { Register } from './judges/register.js';
import type { Traces } from './judges/tasks.js';
import { isZooKeeper, type WorkloadName } from './workloads/names.js';
import { Registers } from './workloads/registers.js';
import { TaskLauncher } from './workloads/tasks.js';
import { makeWorkload, setUp, type Workload, type ZooKeeperWorkload } from './workloads/zookeeper/index.js';

/** All clients of a run. */
export class Load {
  readonly registers: Registers | null;
  readonly tasks: TaskLauncher | null;
  readonly zookeeper: Map<ZooKeeperWorkload, Workload> = new Map();
  private readonly cluster: Cluster;
  private readonly history: History;
  private readonly random: SeededRandom;
  private readonly names: readonly WorkloadName[];
  private initial: ReadonlyMap<string, Register> = new Map();

  constructor(
    names: readonly WorkloadName[],
    cluster: Cluster,
    history: History,
    random: SeededRandom,
    dir: string,
  ) {
    this.names = names;
    this.cluster = cluster;
    this.history = history;
    const [forRegisters, forTasks] = [random.split(), random.split()];
    this.random = random.split();
    const { addresses } = cluster;
    this.registers = names.includes('registers') ? new Registers(addresses, history, forRegisters) : null;
    this.tasks = names.includes('tasks') ? new TaskLauncher(addresses, history, forTasks, dir) : null;
  }

  /** What registers held before the first operation, by door. */
  get doors(): readonly ReadonlyMap<string, Register>[] {
    return [this.registers?.initial ?? new Map(), this.initial];
  }

  async start(): Promise<void> {
    await this.registers?.start();
    await this.tasks?.start();
    const { history } = this;
    const members = this.cluster.zookeeper;
    const wanted = this.names.filter(isZooKeeper);
    if (wanted.length > 0) this.initial = await setUp(members, history);
    for (const name of wanted) {
      const workload = makeWorkload(name, { members, history, random: this.random.split() });
      this.zookeeper.set(name, workload);
      await workload.start();
    }
  }

  /** Nothing more is begun; resolves when every call is answered or given up. */
  async stop(): Promise<void> {
    const workloads = [...this.zookeeper.values()];
    await Promise.all([this.registers?.stop(), this.tasks?.stop(), ...workloads.map((one) => one.stop())]);
  }

  async close(): Promise<void> {
    const workloads = [...this.zookeeper.values()];
    await Promise.all([this.registers?.close(), this.tasks?.close(), ...workloads.map((one) => one.close())]);
  }

  tracesOf(task: string): Traces {
    return this.tasks?.tracesOf(task) ?? { starts: 0, ends: 0 };
  }
}
