import assert from 'node:assert/strict';
import type { NodeView } from '../../../lib/raft/index.js';
import type { Inside } from './inside.js';
import { LeaseRule } from './leases.js';

type Seen = Pick<NodeView, 'id' | 'role' | 'term' | 'leadingFrom' | 'commit'>;

/** A member as the rule sees it, and the read under a lease that it would answer. */
function member(seen: Seen): { readonly view: NodeView; readonly inside: Inside } {
  const view = seen as NodeView;
  const inside = { raft: { view }, reads: { host: { leasedIndex: () => seen.commit } } };
  return { view, inside: inside as unknown as Inside };
}

function leader(name: string, term: number, commit: number): ReturnType<typeof member> {
  return member({ id: `${name}@1` as NodeView['id'], role: 'leader', term, leadingFrom: 10, commit });
}

describe('the rule of leases', () => {
  const look = (check: () => void): void => check();

  it('lets a leader read while a later one has committed nothing of its own', () => {
    const rule = new LeaseRule();
    const old = leader('m1', 1, 12);
    rule.watch(old.inside, look);
    rule.look(old.view);
    rule.look(leader('m2', 2, 9).view);
    assert.equal(old.inside.reads.host.leasedIndex(), 12);
  });

  it('finds a read under the lease of a leader after a later one has committed, though nobody was shown more', () => {
    const rule = new LeaseRule();
    const old = leader('m1', 1, 12);
    rule.watch(old.inside, look);
    rule.look(old.view);
    rule.look(leader('m2', 2, 10).view);
    assert.throws(
      () => old.inside.reads.host.leasedIndex(),
      /S22: m1@1 reads under its lease of term 1; m2@1 has/,
    );
  });
});
