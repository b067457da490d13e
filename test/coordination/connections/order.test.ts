import assert from 'node:assert/strict';
import type { AclEntry, TreeOp } from '../../../lib/state/index.js';
import { HubGroup, create, set, type Home, type TestClient } from './hub-group.js';

/** Two clients behind one member, and `/n`, which holds x. */
async function pair(of: (hubs: HubGroup) => Home): Promise<{ hubs: HubGroup; a: TestClient; b: TestClient }> {
  const hubs = await HubGroup.serving();
  const home = of(hubs);
  const a = await hubs.open(home);
  const b = await hubs.open(home);
  a.write('create', create('/n'), create('/own'));
  await hubs.told(a, 1);
  a.log.length = 0;
  return { hubs, a, b };
}

for (const role of ['leader', 'follower'] as const) {
  const of = (hubs: HubGroup): Home => (role === 'leader' ? hubs.leader : hubs.followers[0]!);

  describe(`What a client behind a ${role} is told`, () => {
    it('a read between two pipelined writes shows the first and not the second', async () => {
      const { hubs, a } = await pair(of);
      // All of one turn: one sub-batch, one entry.
      for (const data of ['1', '2', '3']) {
        a.write(data, set('/n', data));
        a.read('/n');
      }
      const expected = ['1: done', '/n is 1', '2: done', '/n is 2', '3: done', '/n is 3'];
      assert.deepEqual(await hubs.told(a, 6), expected);
    });

    it('the same where each write is an entry of its own', async () => {
      const { hubs, a } = await pair(of);
      for (const data of ['1', '2']) {
        a.write(data, set('/n', data));
        a.read('/n');
        await hubs.group.pass(1);
      }
      assert.deepEqual(await hubs.told(a, 4), ['1: done', '/n is 1', '2: done', '/n is 2']);
    });

    it('an event comes before the answer to the change that its own client made', async () => {
      const { hubs, a } = await pair(of);
      a.session.watch('/n', 'data');
      a.write('set', set('/n', '1'));
      a.write('again', set('/n', '2'));
      assert.deepEqual(await hubs.told(a, 3), ['data-changed /n', 'set: done', 'again: done']);
    });

    it('an event comes before any read that shows the change, and after all that do not', async () => {
      const { hubs, a, b } = await pair(of);
      b.session.watch('/n', 'persistent');
      b.write('before', set('/own', '1'));
      b.read('/n');
      a.write('set', set('/n', '1'));
      b.write('between', set('/own', '2'));
      b.read('/n');
      a.write('set', set('/n', '2'));
      b.write('after', set('/own', '3'));
      b.read('/n');
      assert.deepEqual(await hubs.told(b, 8), [
        'before: done',
        '/n is x',
        'data-changed /n',
        'between: done',
        '/n is 1',
        'data-changed /n',
        'after: done',
        '/n is 2',
      ]);
    });

    it('the events of a multi come in the order of its operations, before its answer', async () => {
      const { hubs, a } = await pair(of);
      a.session.watch('/', 'persistent');
      a.session.watch('/n', 'data');
      a.write('multi', create('/new'), set('/n', '1'), { op: 'delete', path: '/new', version: -1 });
      const expected = ['children-changed /', 'data-changed /n', 'children-changed /', 'multi: done'];
      assert.deepEqual(await hubs.told(a, 4), expected);
    });

    it('a multi of which one operation is refused tells no event', async () => {
      const { hubs, a } = await pair(of);
      a.session.watch('/n', 'data');
      a.write('multi', set('/n', '1'), create('/n'));
      assert.deepEqual(await hubs.told(a, 1), ['multi: done']);
      assert.ok(a.session.watches('/n', 'data'));
    });
  });
}

describe('A sync', () => {
  it('shows what was acknowledged anywhere before it was asked for, at a member that lags', async () => {
    const hubs = await HubGroup.serving();
    const [slow, quick] = hubs.followers;
    const reader = await hubs.open(slow!);
    const writer = await hubs.open(quick!);
    hubs.group.isolate(slow!.process.id);
    writer.write('w', create('/w'));
    await hubs.told(writer, 1);
    reader.read('/w');
    reader.session.sync((machine) => {
      reader.log.push(
        `synced: ${machine === null ? 'nobody could say' : machine.tree.exists('/w') !== null}`,
      );
    });
    reader.read('/w');
    await hubs.group.pass(300);
    assert.deepEqual(reader.log, ['/w is absent']);
    hubs.group.rejoin(slow!.process.id);
    assert.deepEqual(await hubs.told(reader, 3), ['/w is absent', 'synced: true', '/w is x']);
  });

  it('holds the writes behind it until it is answered', async () => {
    const hubs = await HubGroup.serving();
    const [home] = hubs.followers;
    const client = await hubs.open(home!);
    client.write('before', create('/before'));
    client.session.sync((machine) => client.log.push(`synced: ${machine?.tree.exists('/behind') === null}`));
    client.write('behind', create('/behind'));
    assert.deepEqual(await hubs.told(client, 3), ['before: done', 'synced: true', 'behind: done']);
  });
});

describe('An event', () => {
  const owner = { scheme: 'digest', id: 'owner:hash' };
  const secret: readonly AclEntry[] = [{ permissions: 31, ...owner }];

  it('is told only to those who may read its node: creation, change and deletion', async () => {
    const hubs = await HubGroup.serving();
    const { leader } = hubs;
    const known = await hubs.open(leader, 40_000, [owner]);
    const stranger = await hubs.open(leader);
    for (const { session } of [known, stranger]) session.watch('/', 'persistent-recursive');
    known.write('create', create('/secret', 'persistent', secret));
    known.write('set', set('/secret', '1'));
    known.write('delete', { op: 'delete', path: '/secret', version: -1 });
    known.write('open', create('/open'));
    await hubs.told(known, 8);
    assert.deepEqual(known.log, [
      'created /secret',
      'create: done',
      'data-changed /secret',
      'set: done',
      'deleted /secret',
      'delete: done',
      'created /open',
      'open: done',
    ]);
    assert.deepEqual(stranger.log, ['created /open']);
  });

  it('of a new child is judged by the parent, whose children it is about', async () => {
    const hubs = await HubGroup.serving();
    const { leader } = hubs;
    const known = await hubs.open(leader, 40_000, [owner]);
    const stranger = await hubs.open(leader);
    known.write('parents', create('/open'), create('/secret', 'persistent', secret));
    await hubs.told(known, 1);
    for (const { session } of [known, stranger]) {
      for (const path of ['/open', '/secret']) session.watch(path, 'children');
    }
    known.write('children', create('/open/a', 'persistent', secret), create('/secret/a'));
    await hubs.told(known, 4);
    assert.deepEqual(known.log.slice(1), [
      'children-changed /open',
      'children-changed /secret',
      'children: done',
    ]);
    assert.deepEqual(stranger.log, ['children-changed /open']);
  });

  it('of a lost child is judged by the parent as it was then, though the same multi ends the parent or shuts it', async () => {
    const hubs = await HubGroup.serving();
    const { leader } = hubs;
    const known = await hubs.open(leader, 40_000, [owner]);
    const stranger = await hubs.open(leader);
    const shut = { op: 'set-acl', acl: secret, version: -1 } as const;
    const remove = (path: string): TreeOp => ({ op: 'delete', path, version: -1 });
    known.write('parents', create('/open'), create('/shut'), create('/secret', 'persistent', secret));
    known.write('children', create('/open/a', 'persistent', secret), create('/shut/a'), create('/secret/a'));
    await hubs.told(known, 2);
    for (const path of ['/open', '/shut', '/secret']) stranger.session.watch(path, 'persistent');
    known.write('open', remove('/open/a'), remove('/open'));
    known.write('shut', remove('/shut/a'), { ...shut, path: '/shut' });
    known.write('secret', remove('/secret/a'), remove('/secret'));
    await hubs.told(known, 5);
    assert.deepEqual(stranger.log, ['children-changed /open', 'deleted /open', 'children-changed /shut']);
  });

  it('of a node that was opened to a client meanwhile reaches it, of one that was shut does not', async () => {
    const hubs = await HubGroup.serving();
    const { leader } = hubs;
    const known = await hubs.open(leader, 40_000, [owner]);
    const stranger = await hubs.open(leader);
    known.write('create', create('/n'));
    await hubs.told(known, 1);
    stranger.session.watch('/n', 'persistent');
    known.write('shut', { op: 'set-acl', path: '/n', acl: secret, version: -1 });
    known.write('set', set('/n', 'unseen'));
    known.write('open', {
      op: 'set-acl',
      path: '/n',
      acl: [{ permissions: 1, scheme: 'world', id: 'anyone' }, ...secret],
      version: -1,
    });
    known.write('set', set('/n', 'seen'));
    await hubs.told(known, 5);
    assert.deepEqual(stranger.log, ['data-changed /n']);
  });
});
