import {
  CREATE_FLAGS,
  JuteReader,
  NO_SESSION,
  OP,
  PASSWORD_BYTES,
  PERMISSION,
  ZK_ERROR,
  readStat,
  type WriteRequest,
} from '../../../lib/wire/zookeeper/index.js';
import { VALUE_BYTES, type GroupClient } from '../group.js';
import { pause, untilSome } from '../support/time.js';
import { Connection, type Reply, type SessionKey } from './connection.js';
import { epochOf } from './zxid.js';

/** What zkCli asks for; servers with tickTime 2000 grant 4 to 40 s. */
const SESSION_MS = 30_000;
/** The Java client waits up to a second before it dials again: this is a better case than that. */
const REDIAL_MS = 20;
const OPEN_MS = 60_000;
const ANY_VERSION = -1;
const EVERYBODY = [{ permissions: PERMISSION.all, scheme: 'world', id: 'anyone' }] as const;
const NEW_SESSION: SessionKey = { session: NO_SESSION, password: new Uint8Array(PASSWORD_BYTES) };

/** A session at one server: it is taken up again on the next connection, or a new one when it has expired. */
export class ZooKeeperClient implements GroupClient {
  private readonly address: string;
  private readonly path: string;
  private readonly data = new Uint8Array(VALUE_BYTES);
  private connection: Connection | null = null;
  private session: SessionKey = NEW_SESSION;
  private lastZxid = 0;
  private closed = false;

  constructor(address: string, number: number) {
    this.address = address;
    this.path = `/failover/c${number}`;
  }

  async open(): Promise<void> {
    for (const path of ['/failover', this.path]) {
      await untilSome(`create ${path} at ${this.address}`, OPEN_MS, () =>
        this.create(path).catch(() => null),
      );
    }
  }

  async write(): Promise<number> {
    const { path, data } = this;
    const reply = await this.call({ op: OP.setData, path, data, version: ANY_VERSION });
    if (reply.err !== ZK_ERROR.ok) throw new Error(`setData ${path}: error ${reply.err}`);
    return epochOf(readStat(new JuteReader(reply.body)).mzxid);
  }

  close(): void {
    this.closed = true;
    this.connection?.end(new Error('the client was closed'));
  }

  private async create(path: string): Promise<true | null> {
    const data = new Uint8Array(0);
    const flags = CREATE_FLAGS.persistent;
    const { err } = await this.call({ op: OP.create, path, data, acl: EVERYBODY, flags, ttlMs: -1 });
    return err === ZK_ERROR.ok || err === ZK_ERROR.nodeExists ? true : null;
  }

  private async call(request: WriteRequest): Promise<Reply> {
    try {
      const connection = await this.connected();
      const reply = await connection.call(request);
      if (reply.zxid > this.lastZxid) this.lastZxid = reply.zxid;
      return reply;
    } catch (error) {
      await pause(REDIAL_MS);
      throw error;
    }
  }

  private async connected(): Promise<Connection> {
    if (this.closed) throw new Error('the client was closed');
    if (this.connection?.isOpen === true) return this.connection;
    const connection = new Connection(this.address, this.session, this.lastZxid, SESSION_MS);
    this.connection = connection;
    try {
      await connection.ready();
    } finally {
      // An expired session comes back with id 0, which asks for a new one.
      this.session = connection.session;
    }
    return connection;
  }
}
