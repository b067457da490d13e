/** The few records of ZooKeeper's wire format (zookeeper-jute/src/main/resources/zookeeper.jute) that the bench uses. */

export const OPCODE = { create: 1, setData: 5, ping: 11 } as const;
export const ERROR = { ok: 0, nodeExists: -110 } as const;
/** The request number that pings carry. */
export const PING_XID = -2;

const PASSWORD_BYTES = 16;
const ANY_VERSION = -1;
const ALL_PERMISSIONS = 31;

export interface SessionKey {
  readonly id: bigint;
  readonly password: Buffer;
}

export const NEW_SESSION: SessionKey = { id: 0n, password: Buffer.alloc(PASSWORD_BYTES) };

export function connectRequest(session: SessionKey, lastZxid: bigint, timeoutMs: number): Buffer {
  const protocolVersion = 0;
  return frame(
    int(protocolVersion),
    long(lastZxid),
    int(timeoutMs),
    long(session.id),
    bytes(session.password),
  );
}

/** `timeoutMs` 0: the session has expired. */
export function readConnectResponse(body: Buffer): { timeoutMs: number; session: SessionKey } {
  const passwordAt = 20;
  return {
    timeoutMs: body.readInt32BE(4),
    session: {
      id: body.readBigInt64BE(8),
      password: Buffer.from(body.subarray(passwordAt, passwordAt + PASSWORD_BYTES)),
    },
  };
}

/** A persistent node that everybody may use. */
export function createRequest(path: string): Buffer[] {
  const persistent = 0;
  const acl = [int(1), int(ALL_PERMISSIONS), bytes(Buffer.from('world')), bytes(Buffer.from('anyone'))];
  return [bytes(Buffer.from(path)), bytes(Buffer.alloc(0)), ...acl, int(persistent)];
}

export function setDataRequest(path: string, data: Uint8Array): Buffer[] {
  return [bytes(Buffer.from(path)), bytes(Buffer.from(data)), int(ANY_VERSION)];
}

/** The transaction that last changed the node, out of the Stat that answers setData. */
export function mzxidOf(stat: Buffer): bigint {
  return stat.readBigInt64BE(8);
}

/** The number of the leader's reign: the upper half of a transaction number. */
export function epochOf(zxid: bigint): number {
  return Number(zxid >> 32n);
}

export function request(xid: number, opcode: number, body: readonly Buffer[]): Buffer {
  return frame(int(xid), int(opcode), ...body);
}

export interface Reply {
  readonly xid: number;
  readonly zxid: bigint;
  readonly error: number;
  readonly body: Buffer;
}

export function readReply(payload: Buffer): Reply {
  return {
    xid: payload.readInt32BE(0),
    zxid: payload.readBigInt64BE(4),
    error: payload.readInt32BE(12),
    body: payload.subarray(16),
  };
}

/** Cuts a stream of bytes into the payloads of its frames. */
export class Frames {
  private rest: Buffer = Buffer.alloc(0);

  *take(chunk: Buffer): Generator<Buffer> {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= 4) {
      const end = 4 + this.rest.readInt32BE(0);
      if (this.rest.length < end) return;
      const payload = this.rest.subarray(4, end);
      this.rest = this.rest.subarray(end);
      yield payload;
    }
  }
}

function frame(...parts: readonly Buffer[]): Buffer {
  return bytes(Buffer.concat(parts));
}

function int(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function long(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(value);
  return buffer;
}

/** Length, then the bytes: strings, buffers and frames alike. */
function bytes(value: Buffer): Buffer {
  return Buffer.concat([int(value.length), value]);
}
