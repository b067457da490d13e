import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { MalformedError } from '../../../lib/base/index.js';
import { readDirectives } from '../../../lib/coordination/auth/directives.js';
import { DigestMd5Exchange, type SaslStep } from '../../../lib/coordination/auth/index.js';

const NOTHING = new Uint8Array(0);

/** The example of RFC 2831, section 4. */
const RFC = {
  username: 'chris',
  realm: 'elwood.innosoft.com',
  nonce: 'OA6MG9tEQGm2hh',
  nc: '00000001',
  cnonce: 'OA6MHXh6VqTrRk',
  'digest-uri': 'imap/elwood.innosoft.com',
  response: 'd388dad90d4bbd760a152321f2143af7',
  qop: 'auth',
};

function exchange(): DigestMd5Exchange {
  const one = new DigestMd5Exchange(new Map([['chris', 'secret']]), RFC.nonce);
  assert.equal(one.step(NOTHING).kind, 'challenge');
  return one;
}

function respond(change: Partial<typeof RFC> & { authzid?: string } = {}): SaslStep {
  const response = Object.entries({ ...RFC, ...change }).map(([name, value]) => `${name}="${value}"`);
  return exchange().step(Buffer.from(response.join(',')));
}

describe('SASL with DIGEST-MD5', () => {
  it('takes the response of the example in RFC 2831, and proves in turn that it knows the password', () => {
    const step = respond();
    assert.deepEqual(step.kind === 'done' && [step.user, Buffer.from(step.token).toString()], [
      'chris',
      'rspauth=ea40f60335c427b5527b84dbabcdfffd',
    ]);
  });

  it('begins with an empty token, and a challenge such as that of ZooKeeper', () => {
    const step = new DigestMd5Exchange(new Map(), 'n0').step(NOTHING);
    const directives = readDirectives(step.kind === 'challenge' ? Buffer.from(step.token).toString() : '');
    assert.deepEqual(Object.fromEntries(directives), {
      realm: 'zk-sasl-md5',
      nonce: 'n0',
      charset: 'utf-8',
      algorithm: 'md5-sess',
    });
    assert.equal(new DigestMd5Exchange(new Map(), 'n0').step(Buffer.from('x')).kind, 'challenge');
  });

  it('fails for a wrong password, an unknown user, another nonce, one used before, and acting for another', () => {
    assert.equal(respond({ response: 'd388dad90d4bbd760a152321f2143af8' }).kind, 'failed');
    assert.equal(respond({ username: 'nobody' }).kind, 'failed');
    assert.equal(respond({ nonce: 'other' }).kind, 'failed');
    assert.equal(respond({ nc: '00000002' }).kind, 'failed');
    assert.equal(respond({ qop: 'auth-int' }).kind, 'failed');
    assert.equal(respond({ authzid: 'root' }).kind, 'failed');
  });

  it('does not take the nonce for the password of an unknown user', () => {
    const md5 = (text: string | Buffer): Buffer => createHash('md5').update(text).digest();
    const inner = md5(`ghost:${RFC.realm}:${RFC.nonce}`);
    const secret = md5(Buffer.concat([inner, Buffer.from(`:${RFC.nonce}:${RFC.cnonce}`)])).toString('hex');
    const uri = md5(`AUTHENTICATE:${RFC['digest-uri']}`).toString('hex');
    const response = md5(`${secret}:${RFC.nonce}:${RFC.nc}:${RFC.cnonce}:auth:${uri}`).toString('hex');
    assert.equal(respond({ username: 'ghost', response }).kind, 'failed');
  });

  it('is over after one response', () => {
    const one = exchange();
    one.step(Buffer.from('username="chris"'));
    const right = Object.entries(RFC).map(([name, value]) => `${name}="${value}"`);
    assert.equal(one.step(Buffer.from(right.join(','))).kind, 'failed');
  });
});

describe('Directives', () => {
  it('are names and values, quoted or not', () => {
    const read = readDirectives('a=b, C="d \\"e\\", f",g=h');
    assert.deepEqual(Object.fromEntries(read), { a: 'b', c: 'd "e", f', g: 'h' });
  });

  it('that cannot be read are malformed', () => {
    for (const text of ['a', 'a=', '=b', 'a="b', 'a=b c', 'a=1,a=2']) {
      assert.throws(() => readDirectives(text), MalformedError, text);
    }
  });
});
