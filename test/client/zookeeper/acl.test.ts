import assert from 'node:assert/strict';
import { aclText, parseAcl } from '../../../lib/client/zookeeper/index.js';

describe('ACLs as zkCli writes them', () => {
  for (const text of [
    'world:anyone:cdrwa',
    'auth::r',
    'digest:user:cGFzc3dvcmQ=:cdrwa,world:anyone:r',
    'ip:fe80::1/64:rw',
    'x509:CN=a,OU=b,O=c:cd,sasl:user:a',
  ]) {
    it(`${text} is read, and written the same`, () => {
      assert.equal(aclText(parseAcl(text)), text);
    });
  }

  it('tells the entries apart', () => {
    assert.deepEqual(parseAcl('x509:CN=a,O=b:r,world:anyone:wd'), [
      { scheme: 'x509', id: 'CN=a,O=b', permissions: 1 },
      { scheme: 'world', id: 'anyone', permissions: 10 },
    ]);
  });

  for (const text of ['', 'world', 'world:anyone', 'world:anyone:x', 'world:anyone:r,', 'a:b:r,c']) {
    it(`"${text}" is refused`, () => {
      assert.throws(() => parseAcl(text), { code: 'USAGE' });
    });
  }
});
