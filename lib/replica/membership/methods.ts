import { ByteReader, ByteWriter, type ClusterId, type MemberId, type NodeId } from '../../base/index.js';
import type { DoorAddresses } from '../../state/index.js';
import type { JoinRequest } from '../../transport/types.js';

/** Calls of this room to the leader; append only, and above those of the services. */
export const MEMBERSHIP_CALLS: { readonly admit: 64; readonly change: 65 } = { admit: 64, change: 65 };

/** Who wants to be let in, as the leader hears of it. */
export interface Applicant {
  readonly node: NodeId;
  readonly member: MemberId;
  /** Of the folder's former group; null: the folder is new. */
  readonly clusterId: ClusterId | null;
  /** Digest of the token; empty without one. */
  readonly tokenHash: string;
  readonly doors: DoorAddresses;
  readonly release: string;
  readonly commandLevel: number;
  readonly memoryBudgetBytes: number;
}

export function applicantOf({ hello, commandLevel }: JoinRequest, tokenHash: string): Applicant {
  const { http, grpc, peer, zk } = hello.doors;
  return {
    node: hello.nodeId,
    member: hello.memberId,
    clusterId: hello.clusterId,
    tokenHash,
    doors: { http: http ?? '', grpc: grpc ?? '', peer: peer ?? '', zookeeper: zk ?? '' },
    release: hello.release,
    commandLevel,
    memoryBudgetBytes: hello.memoryBudgetBytes,
  };
}

export function encodeApplicant(applicant: Applicant): Uint8Array {
  const { doors } = applicant;
  return new ByteWriter(256)
    .text(applicant.node)
    .text(applicant.member)
    .text(applicant.clusterId ?? '')
    .text(applicant.tokenHash)
    .text(doors.http)
    .text(doors.grpc)
    .text(doors.peer)
    .text(doors.zookeeper)
    .text(applicant.release)
    .uint(applicant.commandLevel)
    .uint(applicant.memoryBudgetBytes)
    .finish();
}

export function decodeApplicant(body: Uint8Array): Applicant {
  const r = new ByteReader(body);
  return {
    node: r.text() as NodeId,
    member: r.text() as MemberId,
    clusterId: emptyAsNull(r.text()) as ClusterId | null,
    tokenHash: r.text(),
    doors: { http: r.text(), grpc: r.text(), peer: r.text(), zookeeper: r.text() },
    release: r.text(),
    commandLevel: r.uint(),
    memoryBudgetBytes: r.uint(),
  };
}

function emptyAsNull(text: string): string | null {
  return text === '' ? null : text;
}

/** Members and where they are: the answer to whoever is let in, and what it keeps of it. */
export function encodeAddresses(addresses: ReadonlyMap<MemberId, string>): Uint8Array {
  const writer = new ByteWriter(256).uint(addresses.size);
  for (const [id, address] of addresses) writer.text(id).text(address);
  return writer.finish();
}

export function decodeAddresses(bytes: Uint8Array): Map<MemberId, string> {
  const reader = new ByteReader(bytes);
  const addresses = new Map<MemberId, string>();
  for (let left = reader.uint(); left > 0; left--) addresses.set(reader.text() as MemberId, reader.text());
  return addresses;
}
