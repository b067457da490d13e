import { connect, type Socket } from 'node:net';
import { SeededRandom, type MemberId, type TimerHandle } from '../../../../lib/base/index.js';
import { ZooKeeperDoor } from '../../../../lib/api/index.js';
import { ServerList, SERVER_LIST_LIMITS } from '../../../../lib/master/cluster/server-list.js';
import { encodeReport } from '../../../../lib/master/index.js';
import { COMMAND_LEVEL, SYSTEM } from '../../../../lib/state/index.js';
import { OP } from '../../../../lib/wire/zookeeper/index.js';
import { Group } from '../../../replica/group.js';
import { quiet } from '../../../support/quiet.js';
import { RawClient } from '../door-world.js';

const SUPER = 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=';

/** Three members in virtual time that runs while the test waits, the door of the first, and the list of servers of whoever leads. */
export class ReconfigWorld {
  readonly group: Group;
  private readonly door: ZooKeeperDoor;
  private readonly stops: (() => void)[] = [];
  private readonly sockets: Socket[] = [];
  private port = 0;

  private constructor(group: Group) {
    this.group = group;
    const { member, disk } = group.at('m1');
    this.door = new ZooKeeperDoor({
      host: '127.0.0.1',
      port: 0,
      replica: member,
      node: () => disk.identity.nodeId,
      clock: group.time,
      random: new SeededRandom(7),
      logger: quiet,
      every: (ms, callback) => every(group, ms, callback),
      superDigest: SUPER,
      report: (sessions) =>
        member.reportLiveness(encodeReport({ agents: [], frameworks: [], sessions: [...sessions] })),
    });
  }

  static async open(): Promise<ReconfigWorld> {
    const group = await Group.serving({ size: 3 });
    await group.announceAll();
    for (const id of group.ids) announce(group, id);
    const world = new ReconfigWorld(group);
    for (const id of group.ids) world.keepServerList(id);
    const told = (): boolean => (group.at('m1').member.machine.tree.exists(SYSTEM.config)?.mzxid ?? 0) > 0;
    await group.until('the servers are listed', told);
    world.port = await world.door.start();
    const clock = setInterval(() => group.time.advance(1), 1);
    world.stops.push(() => clearInterval(clock));
    return world;
  }

  async client(authenticated: boolean): Promise<RawClient> {
    const socket = connect(this.port, '127.0.0.1');
    this.sockets.push(socket);
    const client = new RawClient(socket);
    await client.greet();
    const credentials = Buffer.from('super:admin');
    if (authenticated) await client.ask({ op: OP.auth, scheme: 'digest', credentials });
    return client;
  }

  async close(): Promise<void> {
    for (const stop of this.stops) stop();
    for (const socket of this.sockets) socket.destroy();
    await this.door.stop();
  }

  private keepServerList(id: MemberId): void {
    const { group } = this;
    const { member: replica } = group.at(id);
    const random = new SeededRandom(1);
    const context = { replica, clock: group.time, timers: group.time, random, logger: quiet };
    const list = new ServerList(context, SERVER_LIST_LIMITS);
    const follow = (): void => {
      list.stop();
      const view = replica.leadership();
      if (view.kind === 'leading') list.start(view.term);
    };
    this.stops.push(replica.listen({ leadership: follow }), () => list.stop());
    follow();
  }
}

function announce(group: Group, id: MemberId): void {
  const number = id.slice(1);
  const doors = { http: '', grpc: '', peer: `${id}:1`, zookeeper: `${id}:218${number}` };
  const { nodeId: node } = group.at(id).disk.identity;
  const facts = { node, member: id, doors, release: '1', commandLevel: COMMAND_LEVEL, memoryBudgetBytes: 1 };
  group.command(id, { kind: 'member-info', ...facts, memoryBudgetBytes: 1 << 30 }, { outcome: null });
}

function every(group: Group, ms: number, callback: () => void): () => void {
  let timer: TimerHandle;
  const arm = (): void => {
    timer = group.time.after(ms, () => {
      arm();
      callback();
    });
  };
  arm();
  return () => timer.cancel();
}
