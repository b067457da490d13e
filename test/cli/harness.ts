import type { CliIo } from '../../lib/cli/index.js';
import { main } from '../../lib/cli/index.js';
import { SYSTEM } from '../../lib/client/internal.js';
import { socketWires } from '../../lib/client/zookeeper/index.js';
import type { FrameworkSummary, MemberStatus, StatusReply, TaskSummary } from '../../lib/wire/index.js';
import { ADDRESSES, FakeGroup } from '../client/fake-group.js';
import { VirtualWorld } from '../client/world.js';

export interface Finished {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** A command line on an in-memory group in virtual time. */
export class Harness {
  readonly group: FakeGroup = new FakeGroup();
  readonly world: VirtualWorld = new VirtualWorld();
  readonly env: Record<string, string> = { TEPUI_MASTERS: ADDRESSES.join(',') };
  out = '';
  err = '';
  /** What is on standard input. */
  input = '';
  readonly documentedFrameworks: FrameworkSummary[] = [];
  readonly documentedTasks: TaskSummary[] = [];
  private readonly interruptHandlers: Set<() => void> = new Set();

  readonly io: CliIo = {
    out: (text) => {
      this.out += text;
    },
    outBytes: (bytes) => {
      this.out += Buffer.from(bytes).toString();
    },
    err: (text) => {
      this.err += text;
    },
    input: () => Promise.resolve(Buffer.from(this.input)),
    env: this.env,
    onInterrupt: (handler) => {
      this.interruptHandlers.add(handler);
      return () => this.interruptHandlers.delete(handler);
    },
    ports: () => ({ dial: this.group.network.dial, world: this.world }),
    zooKeeper: (tls) => ({ connect: socketWires(tls), world: SYSTEM }),
  };

  start(...argv: string[]): Promise<number> {
    return main(argv, this.io);
  }

  /** Runs a command, letting up to a minute of virtual time pass. */
  async run(...argv: string[]): Promise<Finished> {
    const running = this.start(...argv);
    const ended = { yet: false };
    void running.finally(() => (ended.yet = true));
    for (let step = 0; step < 600 && !ended.yet; step++) await this.world.advance(100);
    return { exitCode: await running, out: this.out, err: this.err };
  }

  interrupt(): void {
    for (const handler of this.interruptHandlers) handler();
  }

  /** The lines of standard output as JSON values. */
  lines(): unknown[] {
    return this.out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
  }
}

export const NO_INTERRUPTIONS = {
  loopGaps: 0,
  longestLoopGapMs: 0,
  doubts: 0,
  diskHandOvers: 0,
  quorumLosses: 0,
};

export function member(id: string, change: Partial<MemberStatus> = {}): MemberStatus {
  const n = Number(id.slice(1));
  return {
    id: id as MemberStatus['id'],
    pid: 4000 + n,
    http: null,
    grpc: ADDRESSES[n - 1] ?? null,
    peer: `10.0.0.${n}:5070`,
    zk: null,
    role: 'follower',
    voter: true,
    lastIndex: 1234,
    commitIndex: 1234,
    appliedIndex: 1234,
    healthy: true,
    interruptions: NO_INTERRUPTIONS,
    release: '0.1.0',
    boot: 1,
    ...change,
  };
}

/** Every member answers for itself; `leader` leads in term 7. */
export function answerStatus(
  group: FakeGroup,
  leader: string | null,
  alarms: StatusReply['alarms'] = [],
): void {
  const members = ['m1', 'm2', 'm3'].map((id) => member(id, id === leader ? { role: 'leader' } : {}));
  group.answers.set('status', (address): StatusReply => {
    return {
      clusterId: 'c-1' as StatusReply['clusterId'],
      self: members.find(({ grpc }) => grpc === address) ?? null,
      members,
      leader: leader as StatusReply['leader'],
      term: 7,
      revision: 5000,
      trouble: '',
      restored: null,
      alarms,
      warnings: [],
    };
  });
}

/** The cluster of the examples in docs/cli.md: m3 is down. */
export function documentedCluster(harness: Harness): void {
  const { group } = harness;
  delete harness.env['TEPUI_MASTERS'];
  const [cluster, framework] = ['141012161f2af0e5a6eb1c3fc84db612', '36cce3a09ed4e0773d7de0efcd04c2fb'];
  const doors = (n: number): Partial<MemberStatus> => {
    const port = 5060 + 100 * (n - 1);
    return { pid: 26_147 + n, grpc: `127.0.0.1:${port}`, peer: `127.0.0.1:${port + 10}` };
  };
  const behind = { lastIndex: 1230, commitIndex: 1230, appliedIndex: 1230 };
  const members = [
    member('m1', { ...doors(1), ...behind }),
    member('m2', { ...doors(2), role: 'leader' }),
    member('m3', doors(3)),
  ];
  group.network.conditions.set('127.0.0.1:5260', 'refusing');
  group.answers.set('status', (address) => {
    const self = members.find(({ grpc }) => grpc === address) ?? null;
    return {
      clusterId: cluster,
      self,
      members,
      leader: 'm2',
      term: 7,
      revision: 1234,
      trouble: '',
      alarms: [],
      warnings: [],
    };
  });
  const amounts = (cpus: number, mem: number): { name: string; value: number }[] => [
    { name: 'cpus', value: cpus },
    { name: 'mem', value: mem },
  ];
  const agent = { state: 'registered', total: amounts(4, 4096), http: null };
  const agents = [
    {
      ...agent,
      id: 'e794fa8865d626a2',
      name: 'a1',
      hostname: 'rack1',
      used: amounts(0.4, 128),
      tasks: 4,
      master: 'm1',
    },
    {
      ...agent,
      id: 'fecd5476b5887582',
      name: 'a2',
      hostname: 'rack2',
      used: amounts(0.1, 32),
      tasks: 1,
      master: 'm2',
    },
  ];
  group.answers.set('listAgents', () => ({ index: 194, items: agents }));
  harness.documentedFrameworks.push({
    id: framework as FrameworkSummary['id'],
    name: 'sample',
    state: 'connected',
    roles: ['*'],
    used: amounts(0.5, 160),
    activeTasks: 5,
    failoverTimeoutMs: 3_600_000,
    master: 'm1',
  });
  group.answers.set('listFrameworks', () => ({ index: 194, items: harness.documentedFrameworks }));
  for (const id of ['long-0.0', 'long-1.0']) {
    harness.documentedTasks.push({
      id: id as TaskSummary['id'],
      name: id,
      frameworkId: framework as TaskSummary['frameworkId'],
      agentId: 'e794fa8865d626a2' as TaskSummary['agentId'],
      state: 'TASK_RUNNING',
      reason: '',
      message: 'Command started',
      resources: amounts(0.1, 32),
      unacknowledgedUpdates: 0,
      launchedIndex: 12,
      launchedAtMs: 1_795_428_476_412,
    });
  }
  harness.world.wallAtMs(1_795_428_476_412 + 27_000);
  group.answers.set('listTasks', () => ({ index: 194, items: harness.documentedTasks }));
}
