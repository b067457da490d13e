import assert from 'node:assert/strict';
import { allows, PERMISSION } from '../../../lib/state/index.js';
import { settled } from '../../../lib/state/tree/schemes.js';
import { Driver } from '../support/driver.js';
import { acl, check, Client, create, remove, set, setAcl } from './client.js';

describe('Access to nodes', () => {
  let driver: Driver;
  let client: Client;

  beforeEach(() => {
    driver = new Driver();
    client = new Client(driver, '1', [{ scheme: 'ip', id: '10.1.2.3' }]);
  });

  it('is one permission for each kind of write, some of them at the parent', () => {
    const needs = [
      [PERMISSION.create, create('/n/x')],
      [PERMISSION.delete, remove('/n/c')],
      [PERMISSION.write, set('/n')],
      [PERMISSION.admin, setAcl('/n', acl(31, 'world', 'anyone'))],
      [PERMISSION.read, check('/n', 0)],
    ] as const;
    for (const [permission, op] of needs) {
      driver = new Driver();
      client = new Client(driver, '1');
      client.create('/n');
      client.create('/n/c');
      client.done(setAcl('/n', acl(31 & ~permission, 'world', 'anyone')));
      assert.equal(client.refused(op), 'NO_AUTH', op.op);
      driver = new Driver();
      client = new Client(driver, '1');
      client.create('/n');
      client.create('/n/c');
      client.done(setAcl('/n', acl(permission, 'world', 'anyone')));
      client.done(op);
    }
  });

  it('is given to addresses, alone or by network', () => {
    const allowed = (id: string, address: string): boolean =>
      allows(acl(31, 'ip', id), PERMISSION.read, [{ scheme: 'ip', id: address }]);
    assert.ok(allowed('10.1.2.3', '10.1.2.3') && !allowed('10.1.2.3', '10.1.2.4'));
    assert.ok(allowed('10.1.0.0/16', '10.1.2.3') && !allowed('10.1.0.0/16', '10.2.2.3'));
    assert.ok(allowed('10.1.2.0/23', '10.1.3.9') && !allowed('10.1.2.0/23', '10.1.4.1'));
    assert.ok(allowed('0.0.0.0/0', '1.2.3.4') && !allowed('0.0.0.0/0', '::1'));
    assert.ok(allowed('2001:db8::/32', '2001:db8::5') && !allowed('2001:db8::/32', '2001:db9::5'));
    assert.ok(allowed('::1', '0:0:0:0:0:0:0:1'));
  });

  it('is given by name to whoever proved it, within this attachment', () => {
    client.create('/n', 'persistent', acl(31, 'digest', 'u:hash'));
    assert.equal(client.refused(set('/n')), 'NO_AUTH');
    client.authenticate('digest', 'u:hash');
    client.done(set('/n'));
  });

  it('is everybody’s who is super', () => {
    client.create('/n', 'persistent', acl(31, 'digest', 'u:hash'));
    client.authenticate('super', '');
    client.done(set('/n'));
  });

  it('for `auth` is for all that the creator proved to be, and an address proves nothing', () => {
    assert.equal(client.refused(create('/n', 'persistent', acl(31, 'auth', ''))), 'INVALID_ACL');
    client.authenticate('digest', 'u:hash');
    client.authenticate('sasl', 'joe');
    client.create('/n', 'persistent', acl(3, 'auth', 'ignored'));
    assert.deepEqual(driver.machine.tree.get('/n')!.acl, [
      { permissions: 3, scheme: 'digest', id: 'u:hash' },
      { permissions: 3, scheme: 'sasl', id: 'joe' },
    ]);
  });

  it('refuses lists that are empty or name somebody who cannot be', () => {
    const faults = [
      acl(31, 'digest', 'no-colon'),
      acl(31, 'ip', '10.0.0'),
      acl(31, 'ip', '10.0.0.1/33'),
      acl(31, 'ip', '10.0.0.256'),
      acl(31, 'ip', '1::2::3'),
      acl(31, 'x509', 'nobody'),
      acl(31, 'sasl', ' '),
      acl(31, 'world', 'everybody'),
      acl(31, 'kerberos', 'joe'),
    ];
    for (const list of [[], ...faults]) assert.equal(settled(list, []), null, JSON.stringify(list));
  });

  it('drops repetitions in a list', () => {
    const twice = [...acl(1, 'ip', '::1'), ...acl(2, 'ip', '::1'), ...acl(1, 'ip', '::1')];
    assert.deepEqual(settled(twice, []), twice.slice(0, 2));
  });

  it('keeps each list once, as long as a node has it', () => {
    const before = driver.machine.usage().records;
    for (const path of ['/a', '/b']) client.create(path, 'persistent', acl(31, 'ip', '10.0.0.0/8'));
    assert.equal(driver.machine.usage().records, before + 3);
    client.done(remove('/a'));
    client.done(remove('/b'));
    assert.equal(driver.machine.usage().records, before);
  });
});
