import type { ByteReader, ByteWriter, MemberId, NodeId } from '../../base/index.js';
import { readMember, writeMember } from '../cluster/codec.js';
import type { CodecsOf } from '../codec.js';
import type { RecordCodec } from '../store/object-table.js';
import type { JoinTokenView, MarkView, MembershipCommand, RetiredView, UpkeepPolicy } from './types.js';

function readId(r: ByteReader): MemberId | '' {
  return r.text() as MemberId | '';
}

function writePolicy(w: ByteWriter, policy: UpkeepPolicy): void {
  w.uint(policy.promoteAfterMs).uint(policy.removeDeadAfterMs);
  w.uint(policy.unstableLosses).uint(policy.unstableWindowMs);
}

function readPolicy(r: ByteReader): UpkeepPolicy {
  return {
    promoteAfterMs: r.uint(),
    removeDeadAfterMs: r.uint(),
    unstableLosses: r.uint(),
    unstableWindowMs: r.uint(),
  };
}

function writeMark(w: ByteWriter, mark: MarkView): void {
  w.text(mark.node).bool(mark.held).text(mark.replaces);
}

function readMark(r: ByteReader): MarkView {
  return { node: r.text() as NodeId, held: r.bool(), replaces: readId(r) };
}

function writeRetired(w: ByteWriter, { node, index }: RetiredView): void {
  w.text(node).uint(index);
}

function readRetired(r: ByteReader): RetiredView {
  return { node: r.text() as NodeId, index: r.uint() };
}

export const TOKEN_RECORD: RecordCodec<JoinTokenView> = {
  write: (w, token) => {
    w.text(token.hash).text(token.member).text(token.replaces).uint(token.expiresMs).text(token.usedBy);
  },
  read: (r) => ({
    hash: r.text(),
    member: readId(r),
    replaces: readId(r),
    expiresMs: r.uint(),
    usedBy: r.text() as NodeId | '',
  }),
};

export const MARK_RECORD: RecordCodec<MarkView> = { write: writeMark, read: readMark };

export const RETIRED_RECORD: RecordCodec<RetiredView> = { write: writeRetired, read: readRetired };

export const UPKEEP_RECORD: RecordCodec<UpkeepPolicy> = { write: writePolicy, read: readPolicy };

export const MEMBERSHIP_CODECS: CodecsOf<MembershipCommand> = {
  'join-token-issue': {
    grows: true,
    write: (w, c) => w.text(c.hash).uint(c.ttlMs).text(c.member).text(c.replaces),
    read: (r) => ({
      kind: 'join-token-issue',
      hash: r.text(),
      ttlMs: r.uint(),
      member: readId(r),
      replaces: readId(r),
    }),
  },
  'join-token-redeem': {
    grows: false,
    write: (w, c) => {
      w.text(c.hash);
      writeMember(w, c);
    },
    read: (r) => ({ kind: 'join-token-redeem', hash: r.text(), ...readMember(r) }),
  },
  'member-mark': {
    grows: false,
    write: writeMark,
    read: (r) => ({ kind: 'member-mark', ...readMark(r) }),
  },
  'member-retire': {
    grows: false,
    write: (w, c) => w.text(c.node),
    read: (r) => ({ kind: 'member-retire', node: r.text() as NodeId }),
  },
  'member-retired': {
    grows: false,
    write: writeRetired,
    read: (r) => ({ kind: 'member-retired', ...readRetired(r) }),
  },
  'upkeep-set': {
    grows: false,
    write: writePolicy,
    read: (r) => ({ kind: 'upkeep-set', ...readPolicy(r) }),
  },
};
