import assert from 'node:assert/strict';
import { addressIdentity, digestId, digestIdentities } from '../../../lib/coordination/auth/index.js';

describe('Credentials of ZooKeeper clients', () => {
  it('of the scheme digest are the user and a hash, as in ZooKeeper’s documentation', () => {
    assert.equal(digestId(Buffer.from('super:superpw')), 'super:g9oN2HttPfn8MMWJZ2r45Np/LIA=');
    assert.equal(digestId(Buffer.from('a:b:c'))?.startsWith('a:'), true);
    assert.equal(digestId(Buffer.from('nobody')), null);
  });

  it('make super of whoever has the digest that is configured, and of nobody if none is', () => {
    const id = digestId(Buffer.from('super:secret'))!;
    const schemes = (text: string, superDigest: string | null): string[] | undefined =>
      digestIdentities(Buffer.from(text), superDigest)?.map(({ scheme }) => scheme);
    assert.deepEqual(schemes('super:secret', id), ['super', 'digest']);
    assert.deepEqual(schemes('super:wrong', id), ['digest']);
    assert.deepEqual(schemes('super:secret', null), ['digest']);
    assert.equal(schemes('nothing', id), undefined);
  });

  it('of an address are that address, without zone, and not as IPv6 when it is IPv4', () => {
    assert.equal(addressIdentity('::ffff:10.0.0.1').id, '10.0.0.1');
    assert.equal(addressIdentity('10.0.0.1').id, '10.0.0.1');
    assert.equal(addressIdentity('fe80::1%eth0').id, 'fe80::1');
    assert.equal(addressIdentity('2001:db8::1').scheme, 'ip');
  });
});
