import assert from 'node:assert/strict';
import type { SessionId } from '../../../lib/base/index.js';
import { bytes, Driver, M2 } from '../support/driver.js';
import { Client, create, PASSWORD, remove } from './client.js';

describe('Coordination sessions', () => {
  let driver: Driver;
  let client: Client;

  beforeEach(() => {
    driver = new Driver();
    client = new Client(driver, 'a1');
  });

  function attach(password: Uint8Array = PASSWORD, session: SessionId = client.session): void {
    const arrival = { password, timeoutMs: 20_000, identities: [], member: M2 };
    driver.run({ kind: 'coordination-attach', session, ...arrival });
  }

  it('own their ephemeral nodes, which end with them in one revision, deepest path last', () => {
    client.create('/p');
    for (const path of ['/p/c', '/b', '/p/a']) client.create(path, 'ephemeral');
    assert.equal(client.stat('/b')!.ephemeralOwner, client.session);
    client.close();
    assert.deepEqual(
      driver.events.map((event) => (event.kind === 'tree-changed' ? event.path : event.kind)),
      ['/b', '/p/a', '/p/c', 'coordination-ended'],
    );
    assert.equal(new Set(driver.events.map(({ revision }) => revision)).size, 1);
    assert.deepEqual(driver.machine.tree.children('/p'), []);
    assert.equal(client.refused(create('/x')), 'SESSION_EXPIRED');
  });

  it('keep nodes that were made anew after they deleted them', () => {
    const other = new Client(driver, 'b1');
    client.create('/e', 'ephemeral');
    client.done(remove('/e'));
    other.create('/e', 'ephemeral');
    client.close();
    assert.equal(other.stat('/e')!.ephemeralOwner, other.session);
  });

  it('that moved refuse what was sent before', () => {
    attach();
    assert.equal(client.refused(create('/late')), 'SESSION_MOVED');
    assert.equal(client.stat('/late'), null);
    client.attachment = 2;
    client.create('/now');
    assert.deepEqual(driver.machine.coordination.get(client.session)?.member, M2);
  });

  it('move for their password only, and an attempt without it disturbs nothing', () => {
    const arrival = { timeoutMs: 20_000, identities: [], member: M2 };
    const wrong = { kind: 'coordination-attach', session: client.session, ...arrival } as const;
    assert.equal(driver.refused({ ...wrong, password: new Uint8Array(16) }), 'AUTH_FAILED');
    assert.equal(driver.refused({ ...wrong, password: new Uint8Array(0) }), 'INVALID_ARGUMENT');
    client.create('/still');
    const gone = { ...wrong, session: '00000000000000ff' as SessionId, password: PASSWORD };
    assert.equal(driver.refused(gone), 'SESSION_EXPIRED');
  });

  it('expire only under the attachment that was judged', () => {
    attach();
    const judged = { kind: 'coordination-expire', session: client.session } as const;
    assert.equal(driver.changed({ ...judged, attachment: 1 }), false);
    assert.equal(driver.changed({ ...judged, attachment: 2 }), true);
    assert.equal(driver.changed({ ...judged, attachment: 2 }), false);
    assert.equal(driver.machine.coordination.size, 0);
  });

  it('are opened under an id that nobody else has', () => {
    const again = { kind: 'coordination-open', session: client.session } as const;
    const arrival = { password: PASSWORD, timeoutMs: 20_000, identities: [], member: M2 };
    assert.equal(driver.refused({ ...again, ...arrival }), 'SESSION_EXISTS');
  });

  it('have ids whose highest bit is clear: others would read as containers and times to live', () => {
    const arrival = { password: PASSWORD, timeoutMs: 10_000, identities: [], member: M2 };
    for (const id of ['ff00000000000001', '8000000000000000', '0000000000000000', '1']) {
      const open = { kind: 'coordination-open', session: id as SessionId, ...arrival } as const;
      assert.equal(driver.refused(open), 'INVALID_ARGUMENT');
    }
    assert.ok(new Client(driver, '7fffffffffffffff').create('/e', 'ephemeral'));
  });

  it('own as many nodes as the limit says', () => {
    driver = new Driver({ ephemeralsPerSession: 2 });
    client = new Client(driver, 'a1');
    client.create('/1', 'ephemeral');
    client.create('/2', 'ephemeral');
    assert.equal(client.refused(create('/3', 'ephemeral')), 'GROWTH_REFUSED');
    client.done(remove('/1'));
    client.create('/3', 'ephemeral');
  });

  it('are not used within a session of another kind', () => {
    driver.done({ kind: 'session-open', session: '00000000000000aa' as SessionId, timeoutMs: 60_000 });
    const inner = client.command([create('/x')], false);
    const wrapped = {
      kind: 'in-session',
      session: '00000000000000aa' as SessionId,
      sequence: 1,
      acknowledgedBelow: 1,
      command: inner,
    } as const;
    assert.equal(driver.refused(wrapped), 'INVALID_ARGUMENT');
  });
});

describe('Nodes that end by themselves', () => {
  let driver: Driver;
  let client: Client;

  beforeEach(() => {
    driver = new Driver();
    client = new Client(driver, 'a1');
  });

  function collect(path: string): boolean {
    const node = driver.machine.coordination.mortal().find((one) => one.path === path);
    const { czxid, mzxid, pzxid } = node ?? { czxid: 0, mzxid: 0, pzxid: 0 };
    return driver.changed({ kind: 'coordination-collect', path, czxid, mzxid, pzxid });
  }

  it('are containers without children, and say towards clients that nobody owns them', () => {
    client.create('/c', 'container');
    client.create('/c/x');
    assert.deepEqual([client.stat('/c')!.ephemeralOwner, collect('/c')], [null, false]);
    client.done(remove('/c/x'));
    assert.equal(collect('/c'), true);
    assert.equal(client.stat('/c'), null);
  });

  it('are nodes past their time to live, by the clock of the machine, since their last change', () => {
    client.create('/t', 'ttl');
    driver.nowMs += 1000;
    assert.equal(collect('/t'), false);
    client.done({ op: 'set', path: '/t', data: bytes('x'), version: -1 });
    driver.nowMs += 1000;
    assert.equal(collect('/t'), false);
    driver.nowMs += 1;
    assert.equal(collect('/t'), true);
  });

  it('stay when anything changed since they were judged', () => {
    client.create('/c', 'container');
    const [judged] = driver.machine.coordination.mortal();
    client.create('/c/x');
    client.done(remove('/c/x'));
    const { czxid, mzxid, pzxid } = judged!;
    assert.equal(driver.changed({ kind: 'coordination-collect', path: '/c', czxid, mzxid, pzxid }), false);
  });

  it('have a time to live within bounds, and no others have one', () => {
    const ttl = (ttlMs: number, mode: 'ttl' | 'persistent' = 'ttl'): string =>
      client.refused({ op: 'create', path: '/t', data: null, acl: [], mode, ttlMs });
    for (const ms of [0, 2 ** 39 + 1]) assert.equal(ttl(ms), 'BAD_ARGUMENTS');
    assert.equal(ttl(5, 'persistent'), 'BAD_ARGUMENTS');
    client.done({ ...create('/max', 'ttl'), ttlMs: 2 ** 39 } as ReturnType<typeof create>);
    assert.equal(driver.machine.coordination.mortal()[0]!.ttlMs, 2 ** 39);
  });
});
