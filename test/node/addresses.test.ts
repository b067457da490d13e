import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkExposure, isLoopback, parseAddress } from '../../lib/node/addresses.js';

describe('an address', () => {
  it('is a host and a port, divided at the last colon', () => {
    assert.deepEqual(parseAddress('db-7.example:5070'), { host: 'db-7.example', port: 5070 });
  });

  it('has IPv6 hosts in brackets, and gives them without', () => {
    assert.deepEqual(parseAddress('[fe80::1]:5070'), { host: 'fe80::1', port: 5070 });
  });

  it('may have port 0, where the system chooses', () => {
    assert.equal(parseAddress('127.0.0.1:0').port, 0);
  });

  for (const text of [
    '',
    'host',
    ':5070',
    'host:',
    'host:port',
    'host:-1',
    'host:65536',
    'host:1.5',
    'host: 1',
  ]) {
    it(`is refused when it is none: "${text}"`, () => {
      assert.throws(() => parseAddress(text), {
        code: 'CONFIG',
        message: `not a host:port address: ${text}`,
      });
    });
  }

  it('is read back as it was written, whatever the host and port', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4());
    fc.assert(
      fc.property(host, fc.integer({ min: 0, max: 65_535 }), (name, port) => {
        assert.deepEqual(parseAddress(`${name}:${port}`), { host: name, port });
      }),
    );
  });
});

describe('an address of this machine only', () => {
  for (const text of ['localhost:1', '127.0.0.1:1', '127.9.9.9:1', '[::1]:1']) {
    it(`is ${text}`, () => assert.equal(isLoopback(text), true));
  }
  for (const text of ['0.0.0.0:1', '[::]:1', '10.0.0.1:1', '127.example.org:1', 'localhost.example.org:1']) {
    it(`is not ${text}`, () => assert.equal(isLoopback(text), false));
  }
});

describe('a door that others can reach', () => {
  const LISTEN = ['127.0.0.1:5060', '0.0.0.0:5070'];

  it('is refused without TLS, and the refusal names only that door', () => {
    assert.throws(() => checkExposure(LISTEN, false, false), {
      code: 'CONFIG',
      message: '0.0.0.0:5070 can be reached from outside without TLS: set tls, or insecure: true',
    });
  });

  it('is warned of, each one by its address, when the operator says that it is meant', () => {
    assert.deepEqual(checkExposure([...LISTEN, '10.0.0.1:5060'], false, true), [
      'insecure: anyone who reaches 0.0.0.0:5070 controls the cluster',
      'insecure: anyone who reaches 10.0.0.1:5060 controls the cluster',
    ]);
  });

  it('needs no word with TLS, nor does one of this machine without', () => {
    assert.deepEqual(checkExposure(LISTEN, true, false), []);
    assert.deepEqual(checkExposure(['127.0.0.1:5060'], false, false), []);
  });
});
