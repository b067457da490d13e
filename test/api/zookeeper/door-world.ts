import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { SeededRandom } from '../../../lib/base/index.js';
import { ZooKeeperDoor, type ZooKeeperDoorOptions } from '../../../lib/api/index.js';
import { encodeReport } from '../../../lib/master/index.js';
import { WORDS } from '../../../lib/api/zookeeper/words/index.js';
import {
  CREATE_FLAGS,
  FrameSplitter,
  JuteReader,
  JuteWriter,
  NO_SESSION,
  OP,
  PASSWORD_BYTES,
  readConnectResponse,
  readReplyHeader,
  writeConnectRequest,
  writeRequest,
  type ConnectRequest,
  type ConnectResponse,
  type Request,
} from '../../../lib/wire/zookeeper/index.js';
import type { ReplicaLimits } from '../../../lib/replica/limits.js';
import { Group } from '../../replica/group.js';
import type { TestProcess } from '../../replica/process.js';
import { quiet } from '../../support/quiet.js';

export const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];

/** A client of ZooKeeper that knows nothing but frames. */
export class RawClient {
  readonly socket: Socket;
  private readonly splitter = new FrameSplitter();
  private readonly frames: Buffer[] = [];
  private wake: () => void = () => {};
  private readonly out = new JuteWriter();
  private xid = 0;
  closed = false;
  session = '';

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.splitter.push(chunk, (frame) => this.frames.push(Buffer.from(frame)));
      this.wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
  }

  async greet(timeoutMs: number = 10_000, more: Partial<ConnectRequest> = {}): Promise<ConnectResponse> {
    const password = new Uint8Array(PASSWORD_BYTES);
    const first = { protocolVersion: 0, lastZxidSeen: 0, readOnly: false };
    writeConnectRequest(this.out, { ...first, timeoutMs, session: NO_SESSION, password, ...more });
    this.socket.write(this.out.take());
    const response = readConnectResponse(await this.next());
    this.session = response.session;
    return response;
  }

  send(request: Request): void {
    writeRequest(this.out, ++this.xid, request);
    this.socket.write(this.out.take());
  }

  /** Sends, and reads the answer after its header; the error for one that was refused. */
  async ask(request: Request): Promise<JuteReader | number> {
    this.send(request);
    const r = new JuteReader(await this.next());
    const { err } = readReplyHeader(r);
    return err === 0 ? r : err;
  }

  create(path: string, flags: number = CREATE_FLAGS.persistent): Promise<JuteReader | number> {
    return this.ask({ op: OP.create, path, data: Buffer.from('x'), acl: OPEN, flags, ttlMs: 0 });
  }

  exists(path: string, watch: boolean): Promise<JuteReader | number> {
    return this.ask({ op: OP.exists, path, watch });
  }

  async next(): Promise<Buffer> {
    while (this.frames.length === 0) {
      if (this.closed) throw new Error('closed');
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.frames.shift()!;
  }

  async end(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => (this.wake = resolve));
  }
}

/** The real door for ZooKeeper clients, in front of a group of one in virtual time that runs while the test waits. */
export class DoorWorld {
  readonly group: Group;
  readonly process: TestProcess;
  readonly door: ZooKeeperDoor;
  port = 0;
  private clock: NodeJS.Timeout | null = null;
  private readonly sockets: Socket[] = [];

  private constructor(group: Group, options: Partial<ZooKeeperDoorOptions>, front: string = 'm1') {
    this.group = group;
    this.process = group.at(front);
    const { member, disk } = this.process;
    this.door = new ZooKeeperDoor({
      host: '127.0.0.1',
      port: 0,
      replica: member,
      node: () => disk.identity.nodeId,
      clock: group.time,
      random: new SeededRandom(7),
      logger: quiet,
      every: (ms, callback) => {
        const timer = setInterval(callback, Math.min(ms, 20));
        return () => clearInterval(timer);
      },
      words: WORDS,
      release: '1.2.3',
      dataDir: '/data/m1',
      dataBytes: () => 4321,
      report: (sessions) =>
        member.reportLiveness(encodeReport({ agents: [], frameworks: [], sessions: [...sessions] })),
      ...options,
    });
  }

  /** In front of `m1`, one of `size` members. */
  static async open(
    options: Partial<ZooKeeperDoorOptions> = {},
    size: number = 1,
    limits: Partial<ReplicaLimits> = {},
  ): Promise<DoorWorld> {
    const group = await Group.serving({ size, limits });
    await group.announceAll();
    return DoorWorld.running(new DoorWorld(group, options));
  }

  /** In front of the leader of `size` members. */
  static async atLeader(size: number): Promise<DoorWorld> {
    const group = await Group.serving({ size });
    await group.announceAll();
    const { member } = await group.untilServing();
    return DoorWorld.running(new DoorWorld(group, {}, member.memberId));
  }

  private static async running(world: DoorWorld): Promise<DoorWorld> {
    await world.start();
    world.clock = setInterval(() => world.group.time.advance(1), 1);
    return world;
  }

  /** Two of three members are missing. */
  static async withoutQuorum(): Promise<DoorWorld> {
    const group = new Group({ size: 3 });
    await group.start(group.ids[0]!);
    const world = new DoorWorld(group, {});
    await world.start();
    return world;
  }

  private async start(): Promise<void> {
    this.port = await this.door.start();
  }

  async close(): Promise<void> {
    if (this.clock !== null) clearInterval(this.clock);
    for (const socket of this.sockets) socket.destroy();
    await this.door.stop();
  }

  client(): RawClient {
    return new RawClient(this.keep(connect(this.port, '127.0.0.1')));
  }

  secureClient(options: ConnectionOptions): RawClient {
    return new RawClient(this.keep(connectTls({ port: this.port, host: '127.0.0.1', ...options })));
  }

  async session(): Promise<RawClient> {
    const client = this.client();
    await client.greet();
    return client;
  }

  /** All that comes for these pieces, each sent in a packet of its own, until the door closes the connection. */
  async word(...pieces: readonly string[]): Promise<string> {
    const socket = this.keep(connect(this.port, '127.0.0.1'));
    socket.setNoDelay(true);
    const ended = once(socket, 'close');
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', () => {});
    for (const piece of pieces) {
      await new Promise((resolve) => socket.write(piece, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await ended;
    return text;
  }

  private keep<S extends Socket>(socket: S): S {
    this.sockets.push(socket);
    return socket;
  }
}
