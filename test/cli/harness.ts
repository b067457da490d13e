import type { CliIo } from '../../lib/cli/index.js';
import { main } from '../../lib/cli/index.js';
import type { MemberStatus, StatusReply } from '../../lib/wire/index.js';
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
  private readonly interruptHandlers: Set<() => void> = new Set();

  readonly io: CliIo = {
    out: (text) => {
      this.out += text;
    },
    err: (text) => {
      this.err += text;
    },
    env: this.env,
    onInterrupt: (handler) => {
      this.interruptHandlers.add(handler);
      return () => this.interruptHandlers.delete(handler);
    },
    ports: () => ({ dial: this.group.network.dial, world: this.world }),
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
    release: '0.1.0',
    boot: 1,
    ...change,
  };
}

/** Every member answers for itself; `leader` leads in term 7. */
export function answerStatus(group: FakeGroup, leader: string | null): void {
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
    };
  });
}
