import assert from 'node:assert/strict';
import type { MemberId, NodeId } from '../../lib/base/index.js';
import { UPKEEP_DEFAULTS, type Command } from '../../lib/state/index.js';
import { Driver, M1, M2 } from './support/driver.js';

const HASH = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const M4 = 'm4@0000000000000004' as NodeId;
const HOUR_MS = 3_600_000;

function issue(hash: string = HASH, only: { member?: string; replaces?: string } = {}): Command {
  const { member = '', replaces = '' } = only;
  const kind = 'join-token-issue';
  return { kind, hash, ttlMs: HOUR_MS, member: member as MemberId, replaces: replaces as MemberId };
}

function redeem(node: NodeId = M4, hash: string = HASH): Command {
  return {
    kind: 'join-token-redeem',
    hash,
    node,
    member: node.slice(0, 2) as MemberId,
    doors: { http: '', grpc: 'h:1', peer: 'h:2', zookeeper: '' },
    release: '0.2.0',
    commandLevel: 3,
    memoryBudgetBytes: 1 << 30,
  };
}

describe('A join token', () => {
  it('puts one new member on record, with its address', () => {
    const driver = new Driver();
    assert.equal(driver.changed(issue()), true);
    assert.equal(driver.changed(redeem()), true);
    assert.equal(driver.machine.cluster.member(M4)?.doors.peer, 'h:2');
  });

  it('is good once, but the member that used it may ask again', () => {
    const driver = new Driver();
    driver.done(issue());
    driver.done(redeem());
    assert.equal(driver.changed(redeem()), false);
    assert.equal(driver.refused(redeem(M2)), 'TOKEN_REFUSED');
    assert.equal(driver.machine.cluster.member(M2), null);
  });

  it('is good for its time by the clock of the machine, and no longer', () => {
    const driver = new Driver();
    driver.done(issue());
    driver.nowMs += HOUR_MS - 1;
    driver.done(issue(OTHER));
    driver.nowMs += 1;
    assert.equal(driver.refused(redeem()), 'TOKEN_REFUSED');
    assert.equal(driver.changed(redeem(M4, OTHER)), true);
  });

  it('that nobody issued lets nobody in', () => {
    assert.equal(new Driver().refused(redeem()), 'TOKEN_REFUSED');
  });

  it('for one member lets no other in', () => {
    const driver = new Driver();
    driver.done(issue(HASH, { member: 'm5' }));
    assert.equal(driver.refused(redeem()), 'TOKEN_REFUSED');
  });

  it('notes whose place its bearer takes', () => {
    const driver = new Driver();
    driver.done(issue(HASH, { replaces: 'm2' }));
    driver.done(redeem());
    assert.deepEqual(driver.machine.membership.mark(M4), { node: M4, held: false, replaces: 'm2' });
  });

  it('is kept as a digest only, and not for ever', () => {
    const driver = new Driver();
    driver.done(issue());
    assert.equal(driver.refused(issue('secret')), 'INVALID_ARGUMENT');
    driver.nowMs += HOUR_MS;
    driver.done(issue(OTHER));
    assert.equal(driver.machine.membership.token(HASH), null);
  });

  it('that was used makes room for another, the one that ends first, and is good for nobody then', () => {
    const driver = new Driver();
    const hash = (n: number): string => String(n).padStart(64, '0');
    for (let i = 0; i < 32; i++) {
      driver.nowMs += 1;
      driver.done(issue(hash(32 - i)));
    }
    driver.done(redeem(M2, hash(3)));
    driver.done(redeem(M4, hash(7)));
    driver.done(issue());
    assert.equal(driver.machine.membership.token(hash(7)), null);
    assert.equal(driver.refused(redeem(M1, hash(7))), 'TOKEN_REFUSED');
    assert.equal(driver.changed(redeem(M2, hash(3))), false);
    driver.done(issue(OTHER));
    assert.equal(driver.refused(issue(hash(99))), 'TOO_LARGE');
  });

  it('is one of at most 32 that nobody used', () => {
    const driver = new Driver();
    for (let i = 0; i < 32; i++) driver.done(issue(String(i).padStart(64, '0')));
    assert.equal(driver.refused(issue()), 'TOO_LARGE');
  });
});

describe('A folder that left the group', () => {
  it('is forgotten with its lane and its notes', () => {
    const driver = new Driver();
    driver.done({ kind: 'member-mark', node: M1, held: true, replaces: '' });
    assert.notEqual(driver.machine.lane(M1), null);
    driver.done({ kind: 'member-retire', node: M1 });
    assert.equal(driver.machine.membership.mark(M1), null);
    assert.equal(driver.machine.lane(M1), null);
  });
});

describe('A folder that was in the group and left it', () => {
  const gone = (n: number): NodeId => `m9@${String(n).padStart(16, '0')}` as NodeId;

  it('is remembered with the index at which it was missing first, and forgotten with lane and notes', () => {
    const driver = new Driver();
    driver.done(issue());
    driver.done(redeem());
    driver.done({ kind: 'member-mark', node: M4, held: true, replaces: '' });
    assert.equal(driver.changed({ kind: 'member-retired', node: M4, index: 7 }), true);
    assert.equal(driver.changed({ kind: 'member-retired', node: M4, index: 9 }), false);
    assert.deepEqual(driver.machine.membership.retired(M4), { node: M4, index: 7 });
    assert.equal(driver.machine.membership.mark(M4), null);
    assert.equal(driver.machine.cluster.member(M4), null);
    assert.equal(driver.machine.membership.retired(M2), null);
  });

  it('is one of the last 256: the one that left first is forgotten', () => {
    const driver = new Driver();
    driver.done({ kind: 'member-retired', node: M4, index: 1000 });
    for (let n = 0; n < 256; n++) driver.done({ kind: 'member-retired', node: gone(n), index: 2 + (n ^ 1) });
    const { membership } = driver.machine;
    assert.notEqual(membership.retired(M4), null);
    assert.equal(membership.retired(gone(1)), null);
    for (let n = 0; n < 256; n++) assert.equal(membership.retired(gone(n)) === null, n === 1, `folder ${n}`);
  });

  it('has a name of reasonable length', () => {
    const node = `m1@${'0'.repeat(200)}` as NodeId;
    assert.equal(new Driver().refused({ kind: 'member-retired', node, index: 1 }), 'TOO_LARGE');
  });
});

describe('Upkeep', () => {
  it('begins with defaults, and changes as a whole', () => {
    const driver = new Driver();
    assert.deepEqual(driver.machine.membership.upkeep, UPKEEP_DEFAULTS);
    const policy = { promoteAfterMs: 0, removeDeadAfterMs: 1, unstableLosses: 2, unstableWindowMs: 3 };
    driver.done({ kind: 'upkeep-set', ...policy });
    assert.deepEqual(driver.machine.membership.upkeep, policy);
  });

  it('refuses to count losses without a time to count them in', () => {
    const policy = { promoteAfterMs: 0, removeDeadAfterMs: 0, unstableLosses: 2, unstableWindowMs: 0 };
    assert.equal(new Driver().refused({ kind: 'upkeep-set', ...policy }), 'INVALID_ARGUMENT');
  });
});
