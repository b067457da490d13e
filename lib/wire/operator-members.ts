import type { MemberId } from '../base/index.js';
import {
  bare,
  bool,
  branded,
  brandedOrNull,
  int32,
  nested,
  struct,
  textOrNull,
  texts,
  uint64,
  union,
  type Codec,
} from './struct.js';

export interface TransferLeadershipRequest {
  /** Null: the most up-to-date voter. */
  readonly to: MemberId | null;
}

export interface TransferLeadershipReply {
  readonly leader: MemberId | null;
  readonly term: number;
}

/** What the group does about its members by itself; see the schema. */
export interface WireUpkeepPolicy {
  readonly promoteAfterMs: number;
  readonly removeDeadAfterMs: number;
  readonly unstableLosses: number;
  readonly unstableWindowMs: number;
}

export type ChangeMembersRequest =
  | { readonly kind: 'add'; readonly id: MemberId | null; readonly replaces: MemberId | null }
  | { readonly kind: 'remove'; readonly value: MemberId }
  | { readonly kind: 'promote'; readonly value: MemberId }
  | { readonly kind: 'demote'; readonly value: MemberId }
  | { readonly kind: 'replace'; readonly member: MemberId; readonly by: MemberId }
  | ({ readonly kind: 'setUpkeep' } & WireUpkeepPolicy)
  | { readonly kind: 'show'; readonly value: boolean };

export interface ChangeMembersReply {
  readonly index: number;
  readonly voters: readonly MemberId[];
  readonly learners: readonly MemberId[];
  readonly upkeep: WireUpkeepPolicy;
  /** Null unless a token was asked for. */
  readonly token: string | null;
  readonly tokenExpiresMs: number;
}

const upkeepPolicy: Codec<WireUpkeepPolicy> = struct<WireUpkeepPolicy>({
  promoteAfterMs: uint64,
  removeDeadAfterMs: uint64,
  unstableLosses: int32,
  unstableWindowMs: uint64,
});

export const changeMembersRequest: Codec<ChangeMembersRequest> = union<ChangeMembersRequest>('change', {
  add: nested(
    struct<{ id: MemberId | null; replaces: MemberId | null }>({
      id: brandedOrNull(),
      replaces: brandedOrNull(),
    }),
  ),
  remove: bare(branded<MemberId>()),
  promote: bare(branded<MemberId>()),
  demote: bare(branded<MemberId>()),
  replace: nested(struct<{ member: MemberId; by: MemberId }>({ member: branded(), by: branded() })),
  setUpkeep: nested(upkeepPolicy),
  show: bare(bool),
});

export const changeMembersReply: Codec<ChangeMembersReply> = struct<ChangeMembersReply>({
  index: uint64,
  voters: texts<MemberId>(),
  learners: texts<MemberId>(),
  upkeep: nested(upkeepPolicy),
  token: textOrNull,
  tokenExpiresMs: uint64,
});
