import assert from 'node:assert/strict';
import path from 'node:path';
import type { CutGroup } from '../../support/cut-group.js';
import { ForeignProcess } from './foreign-process.js';
import { doors, startGroup } from './group.js';
import { needs, PYTHON } from './needs.js';

describe('kazoo with users', function () {
  needs(this, PYTHON, '-c', 'import kazoo, puresasl');
  let group: CutGroup;

  before(async () => {
    group = await startGroup({ saslUsers: { alice: 'wonderland' } });
  });

  after(async () => {
    await group?.end();
  });

  it('logs in with SASL and with digests, and each user may do what is hers or his', async () => {
    const script = path.resolve('test/foreign/clients/kazoo/auth.py');
    const client = new ForeignProcess([PYTHON, script, doors(group, 'm1')]);
    assert.equal(await client.finish(), 0, client.said);
    assert.deepEqual(JSON.parse(client.lines.at(-1)!), {
      'alice reads hers': 'hers',
      'anybody reads hers': 'no permission',
      'bob reads hers': 'no permission',
      'bob reads his': 'his',
      'alice reads his': 'no permission',
      'who says later that he is bob reads his': 'his',
      'alice with a wrong password': 'not let in',
    });
  });
});
