import type { ByteReader, ByteWriter, ClusterId, MemberId, NodeId } from '../../base/index.js';
import type { CodecsOf } from '../codec.js';
import { readLimits, writeLimits } from '../core.js';
import type { RecordCodec } from '../store/object-table.js';
import type { ClusterCommand, DoorAddresses, MemberInfo, MemberView } from './types.js';

function writeDoors(w: ByteWriter, doors: DoorAddresses): void {
  w.text(doors.http).text(doors.grpc).text(doors.peer).text(doors.zookeeper);
}

function readDoors(r: ByteReader): DoorAddresses {
  return { http: r.text(), grpc: r.text(), peer: r.text(), zookeeper: r.text() };
}

export type MemberFacts = Omit<MemberInfo, 'kind'>;

export function writeMember(w: ByteWriter, facts: MemberFacts): void {
  w.text(facts.node).text(facts.member);
  writeDoors(w, facts.doors);
  w.text(facts.release).uint(facts.commandLevel).uint(facts.memoryBudgetBytes);
}

export function readMember(r: ByteReader): MemberFacts {
  return {
    node: r.text() as NodeId,
    member: r.text() as MemberId,
    doors: readDoors(r),
    release: r.text(),
    commandLevel: r.uint(),
    memoryBudgetBytes: r.uint(),
  };
}

export const MEMBER_RECORD: RecordCodec<MemberView> = {
  write: (w, member) => {
    writeMember(w, member);
    w.uint(member.revision);
  },
  read: (r) => ({ ...readMember(r), revision: r.uint() }),
};

export const CLUSTER_CODECS: CodecsOf<ClusterCommand> = {
  'cluster-init': {
    grows: false,
    write: (w, c) => {
      w.text(c.clusterId);
      writeLimits(w, c.limits);
    },
    read: (r) => ({ kind: 'cluster-init', clusterId: r.text() as ClusterId, limits: readLimits(r) }),
  },
  'member-info': {
    grows: false,
    write: writeMember,
    read: (r) => ({ kind: 'member-info', ...readMember(r) }),
  },
  'member-forget': {
    grows: false,
    write: (w, c) => w.text(c.node),
    read: (r) => ({ kind: 'member-forget', node: r.text() as NodeId }),
  },
  'revision-raise': {
    grows: false,
    write: (w, c) => w.uint(c.by),
    read: (r) => ({ kind: 'revision-raise', by: r.uint() }),
  },
};
