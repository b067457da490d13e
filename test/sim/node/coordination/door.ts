import type { Server } from 'node:net';
import { ZooKeeperDoor } from '../../../../lib/api/index.js';
import type { Logger, Random } from '../../../../lib/base/index.js';
import { encodeReport } from '../../../../lib/master/index.js';
import type { Member } from '../../../../lib/replica/index.js';
import type { DataFolder } from '../../../../lib/storage/index.js';
import type { Host } from '../host.js';
import type { SimSocket } from './socket.js';

/** Session timeouts (ms) that are granted: shorter than usual, so that sessions end within a run. */
export const TIMEOUTS_MS = { least: 1_000, most: 10_000 } as const;

/** The real door for ZooKeeper clients of one process, which nobody dials: connections are handed to it. */
export class SessionDoor {
  readonly door: ZooKeeperDoor;
  private readonly server: Server;

  constructor(host: Host, member: Member, folder: DataFolder, random: Random, logger: Logger) {
    this.door = new ZooKeeperDoor({
      host: '',
      port: 0,
      replica: member,
      node: () => folder.identity.nodeId,
      clock: host,
      random,
      logger,
      every: (ms, callback) => every(host, ms, callback),
      limits: { minTimeoutMs: TIMEOUTS_MS.least, maxTimeoutMs: TIMEOUTS_MS.most },
      report: (sessions) =>
        member.reportLiveness(encodeReport({ agents: [], frameworks: [], sessions: [...sessions] })),
    });
    this.server = (this.door as unknown as { readonly server: Server }).server;
    Object.assign(this.server, { listen: (_port: number, _host: string, done: () => void) => done() });
  }

  async start(): Promise<void> {
    await this.door.start();
  }

  accept(socket: SimSocket): void {
    this.server.emit('connection', socket.socket);
  }
}

function every(host: Host, ms: number, callback: () => void): () => void {
  let timer = host.after(ms, fire);
  function fire(): void {
    timer = host.after(ms, fire);
    callback();
  }
  return () => timer.cancel();
}
