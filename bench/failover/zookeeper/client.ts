import { VALUE_BYTES, type GroupClient } from '../group.js';
import { pause, untilSome } from '../support/time.js';
import { Connection } from './connection.js';
import {
  ERROR,
  NEW_SESSION,
  OPCODE,
  createRequest,
  epochOf,
  mzxidOf,
  setDataRequest,
  type Reply,
  type SessionKey,
} from './jute.js';

/** What zkCli asks for; servers with tickTime 2000 grant 4 to 40 s. */
const SESSION_MS = 30_000;
/** The Java client waits up to a second before it dials again: this is a better case than that. */
const REDIAL_MS = 20;
const OPEN_MS = 60_000;

/** A session at one server: it is taken up again on the next connection, or a new one when it has expired. */
export class ZooKeeperClient implements GroupClient {
  private readonly address: string;
  private readonly path: string;
  private readonly data = new Uint8Array(VALUE_BYTES);
  private connection: Connection | null = null;
  private session: SessionKey = NEW_SESSION;
  private lastZxid = 0n;
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
    const reply = await this.call(OPCODE.setData, setDataRequest(this.path, this.data));
    if (reply.error !== ERROR.ok) throw new Error(`setData ${this.path}: error ${reply.error}`);
    return epochOf(mzxidOf(reply.body));
  }

  close(): void {
    this.closed = true;
    this.connection?.end(new Error('the client was closed'));
  }

  private async create(path: string): Promise<true | null> {
    const { error } = await this.call(OPCODE.create, createRequest(path));
    return error === ERROR.ok || error === ERROR.nodeExists ? true : null;
  }

  private async call(opcode: number, body: readonly Buffer[]): Promise<Reply> {
    try {
      const connection = await this.connected();
      const reply = await connection.call(opcode, body);
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
