import { MalformedError } from '../../base/index.js';
import { JuteReader } from './jute-reader.js';
import type { JuteWriter } from './jute-writer.js';

/** A session id that names none: the client wants a new session. */
export const NO_SESSION = '0000000000000000';

export const PASSWORD_BYTES = 16;

/** The first frame of a connection (ConnectRequest). */
export interface ConnectRequest {
  readonly protocolVersion: number;
  /** The newest zxid that the client has seen: a server behind it must not serve it. */
  readonly lastZxidSeen: number;
  /** Milliseconds, as wanted. */
  readonly timeoutMs: number;
  /** 16 hexadecimal digits; `NO_SESSION` asks for a new one. */
  readonly session: string;
  readonly password: Uint8Array;
  /** Null for clients up to 3.3, which send no such byte and expect none in the answer. */
  readonly readOnly: boolean | null;
}

export interface ConnectResponse {
  /** Milliseconds, as granted; 0: the session is not, or no longer, there. */
  readonly timeoutMs: number;
  readonly session: string;
  readonly password: Uint8Array;
  /** Null for clients that sent no such byte. */
  readonly readOnly: boolean | null;
}

/** Throws `MalformedError`. */
export function readConnectRequest(frame: Buffer): ConnectRequest {
  const r = new JuteReader(frame);
  const protocolVersion = r.int();
  const lastZxidSeen = r.long();
  const timeoutMs = r.int();
  const session = r.hexLong();
  const password = r.buffer() ?? new Uint8Array(0);
  const readOnly = r.remaining > 0 ? r.boolean() : null;
  if (r.remaining > 0) throw new MalformedError(`${r.remaining} bytes after the connect request`);
  return { protocolVersion, lastZxidSeen, timeoutMs, session, password, readOnly };
}

export function writeConnectRequest(w: JuteWriter, request: ConnectRequest): void {
  const frame = w.begin();
  w.int(request.protocolVersion).long(request.lastZxidSeen).int(request.timeoutMs);
  w.hexLong(request.session).buffer(request.password);
  if (request.readOnly !== null) w.boolean(request.readOnly);
  w.end(frame);
}

/** 37 bytes, or 36 towards a client that sent no `readOnly`. */
export function writeConnectResponse(w: JuteWriter, response: ConnectResponse): void {
  const frame = w.begin();
  w.int(0).int(response.timeoutMs).hexLong(response.session).buffer(response.password);
  if (response.readOnly !== null) w.boolean(response.readOnly);
  w.end(frame);
}

/** Throws `MalformedError`. */
export function readConnectResponse(frame: Buffer): ConnectResponse {
  const r = new JuteReader(frame);
  r.int();
  const timeoutMs = r.int();
  const session = r.hexLong();
  const password = r.buffer() ?? new Uint8Array(0);
  return { timeoutMs, session, password, readOnly: r.remaining > 0 ? r.boolean() : null };
}
