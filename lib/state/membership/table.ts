import type { NodeId } from '../../base/index.js';
import type { Digest } from '../store/digest.js';
import { ObjectTable } from '../store/object-table.js';
import { MARK_RECORD, RETIRED_RECORD, TOKEN_RECORD, UPKEEP_RECORD } from './codec.js';
import type { JoinTokenView, MarkView, MembershipView, RetiredView, UpkeepPolicy } from './types.js';

const FIXED_BYTES = 256;
const POLICY = 'policy';
/** Folders that left and are remembered; beyond it the one that left first is forgotten. */
const RETIRED = 256;

/** What every group begins with. A dead member is given up after three days, an unstable voter after six losses. */
export const UPKEEP_DEFAULTS: UpkeepPolicy = {
  promoteAfterMs: 2000,
  removeDeadAfterMs: 72 * 3_600_000,
  unstableLosses: 6,
  unstableWindowMs: 600_000,
};

export interface MembershipNumbers {
  readonly tokens: number;
  readonly marks: number;
  readonly upkeep: number;
  readonly retired: number;
}

/** Tokens that let new members in, notes about folders, and what the group does by itself. */
export class MembershipTable implements MembershipView {
  readonly tokens: ObjectTable<JoinTokenView>;
  readonly marks: ObjectTable<MarkView>;
  readonly policies: ObjectTable<UpkeepPolicy>;
  readonly gone: ObjectTable<RetiredView>;

  constructor(numbers: MembershipNumbers, digest: Digest) {
    const common = { version: 1, fixedBytes: FIXED_BYTES, digest };
    this.tokens = new ObjectTable({
      ...common,
      number: numbers.tokens,
      name: 'join-tokens',
      codec: TOKEN_RECORD,
    });
    this.marks = new ObjectTable({ ...common, number: numbers.marks, name: 'marks', codec: MARK_RECORD });
    this.policies = new ObjectTable({
      ...common,
      number: numbers.upkeep,
      name: 'upkeep',
      codec: UPKEEP_RECORD,
    });
    this.gone = new ObjectTable({
      ...common,
      number: numbers.retired,
      name: 'retired',
      codec: RETIRED_RECORD,
    });
  }

  token(hash: string): JoinTokenView | null {
    return this.tokens.get(hash);
  }

  mark(node: NodeId): MarkView | null {
    return this.marks.get(node);
  }

  retired(node: NodeId): RetiredView | null {
    return this.gone.get(node);
  }

  /** The first word counts. False when it was said before. */
  retire(retired: RetiredView): boolean {
    if (this.gone.get(retired.node) !== null) return false;
    this.gone.put(retired.node, retired);
    if (this.gone.records > RETIRED) this.gone.delete(this.firstGone().node);
    return true;
  }

  private firstGone(): RetiredView {
    return this.gone.list().reduce((first, one) => (one.index < first.index ? one : first));
  }

  get upkeep(): UpkeepPolicy {
    return this.policies.get(POLICY) ?? UPKEEP_DEFAULTS;
  }

  setUpkeep(policy: UpkeepPolicy): void {
    this.policies.put(POLICY, policy);
  }

  /** Makes room: forgets the used token that ends first. False: none was used. */
  dropUsed(): boolean {
    const used = this.tokens.list().filter(({ usedBy }) => usedBy !== '');
    const [first, ...others] = used;
    if (first === undefined) return false;
    // The order of the list is each member's own.
    this.tokens.delete(others.reduce((one, other) => (endsBefore(other, one) ? other : one), first).hash);
    return true;
  }

  dropExpired(nowMs: number): void {
    for (const { hash, expiresMs } of this.tokens.list()) if (expiresMs <= nowMs) this.tokens.delete(hash);
  }
}

function endsBefore(one: JoinTokenView, other: JoinTokenView): boolean {
  return one.expiresMs < other.expiresMs || (one.expiresMs === other.expiresMs && one.hash < other.hash);
}
