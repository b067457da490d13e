import { TepuiError, isErrorCode, type ErrorCode, type MemberId } from '../base/index.js';
import { PEER_PROTOCOL, type Hello } from '../wire/index.js';
import type { PeerHello, TransportHandlers } from './types.js';

/** A refusal to speak with a peer. */
export interface Rejection {
  readonly code: ErrorCode;
  readonly message: string;
}

export function toWire({ doors, acknowledged, holds, ...hello }: PeerHello): Hello {
  return {
    ...hello,
    ...doors,
    protocol: PEER_PROTOCOL,
    acknowledgedTerm: acknowledged.term,
    acknowledgedIndex: acknowledged.index,
    acknowledgedNode: acknowledged.node,
    holdsTerm: holds.term,
    holdsIndex: holds.index,
    damaged: holds.damaged,
  };
}

export function fromWire(hello: Hello): PeerHello {
  const { memberId, nodeId, boot, start, clusterId, generation, unbound, release, pid, memoryBudgetBytes } =
    hello;
  return {
    memberId,
    nodeId,
    boot,
    start,
    clusterId,
    generation,
    unbound,
    release,
    pid,
    memoryBudgetBytes,
    doors: { http: hello.http, grpc: hello.grpc, zk: hello.zk, peer: hello.peer },
    acknowledged: {
      term: hello.acknowledgedTerm,
      index: hello.acknowledgedIndex,
      node: hello.acknowledgedNode,
    },
    holds: { term: hello.holdsTerm, index: hello.holdsIndex, damaged: hello.damaged },
  };
}

/** Whether the hello can be understood at all. Null accepts. */
export function judgeForm(hello: Hello): Rejection | null {
  if (hello.protocol !== PEER_PROTOCOL) {
    const message = `${hello.memberId} (${hello.release}) speaks peer protocol ${hello.protocol}, this member ${PEER_PROTOCOL}`;
    return { code: 'UNSUPPORTED', message };
  }
  if (hello.memberId === '' || !hello.nodeId.startsWith(`${hello.memberId}@`)) {
    return { code: 'MALFORMED', message: `node '${hello.nodeId}' is not of member '${hello.memberId}'` };
  }
  return null;
}

/** The hello of an exchange outside a stream. Throws what is wrong with it. */
export function fromCall(hello: Hello): PeerHello {
  const rejection = judgeForm(hello);
  if (rejection !== null) throw new TepuiError(rejection.code, rejection.message);
  return fromWire(hello);
}

/** Judges a hello from the wire: its form here, its meaning by the owner. Null accepts. */
export function judge(handlers: TransportHandlers, hello: Hello): Rejection | null {
  return judgeForm(hello) ?? handlers.judge(fromWire(hello));
}

/** Whether the member that answered at an address is the one that was dialled. */
export function wrongMember(expected: MemberId, address: string, hello: Hello): Rejection | null {
  if (hello.memberId === expected) return null;
  return { code: 'FOREIGN_MEMBER', message: `${address} is member ${hello.memberId}, not ${expected}` };
}

/** What a peer said when it refused us; codes of a newer release count as unsupported. */
export function rejectionOf(code: string, message: string): Rejection {
  return isErrorCode(code) ? { code, message } : { code: 'UNSUPPORTED', message: `${code}: ${message}` };
}

/** A failed call as a refusal, when the peer itself gave a code; null when the call never got so far. */
export function rejectionIn(error: TepuiError): Rejection | null {
  const byPeer = !('grpcStatus' in error.fields) && error.code !== 'UNREACHABLE';
  return byPeer ? { code: error.code, message: error.message } : null;
}
