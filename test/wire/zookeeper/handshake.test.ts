import assert from 'node:assert/strict';
import { MalformedError } from '../../../lib/base/index.js';
import {
  NO_SESSION,
  readConnectRequest,
  readConnectResponse,
  writeConnectRequest,
  writeConnectResponse,
} from '../../../lib/wire/zookeeper/handshake.js';
import { framesOf, hex, written } from './support.js';

const PASSWORD = '000102030405060708090a0b0c0d0e0f';
const REQUEST = `00000000 0000000100000005 00007530 1000000000000001 00000010 ${PASSWORD}`;

describe('the handshake of ZooKeeper', () => {
  it('has 44 bytes with clients up to 3.3 and 45 with later ones', () => {
    const old = readConnectRequest(hex(REQUEST));
    assert.equal(hex(REQUEST).length, 44);
    assert.deepEqual(
      { ...old, password: Buffer.from(old.password).toString('hex') },
      {
        protocolVersion: 0,
        lastZxidSeen: 0x1_0000_0005,
        timeoutMs: 30_000,
        session: '1000000000000001',
        password: PASSWORD,
        readOnly: null,
      },
    );
    assert.equal(readConnectRequest(hex(`${REQUEST} 01`)).readOnly, true);
    assert.equal(readConnectRequest(hex(`${REQUEST} 00`)).readOnly, false);
  });

  it('is answered in 36 bytes, or 37 to those that sent the read-only byte', () => {
    const response = { timeoutMs: 4000, session: '00000000000000ff', password: hex(PASSWORD) };
    assert.equal(
      written((w) => writeConnectResponse(w, { ...response, readOnly: null })),
      `00000024 00000000 00000fa0 00000000000000ff 00000010 ${PASSWORD}`.replaceAll(' ', ''),
    );
    assert.equal(
      written((w) => writeConnectResponse(w, { ...response, readOnly: false })),
      `00000025 00000000 00000fa0 00000000000000ff 00000010 ${PASSWORD} 00`.replaceAll(' ', ''),
    );
  });

  it('with null for a password has an empty one', () => {
    const request = '00000000 0000000000000000 00000001 0000000000000000 ffffffff 00';
    assert.equal(readConnectRequest(hex(request)).password.length, 0);
  });

  it('refuses what is too short or too long', () => {
    for (const bytes of ['', '00000000', `${REQUEST} 0000`, REQUEST.slice(0, -2)]) {
      assert.throws(() => readConnectRequest(hex(bytes)), MalformedError, bytes);
    }
  });

  it('reads on either side what the other wrote', () => {
    const request = {
      protocolVersion: 0,
      lastZxidSeen: 9,
      timeoutMs: 10_000,
      session: NO_SESSION,
      password: hex(PASSWORD),
      readOnly: true,
    };
    const [sent] = framesOf(hex(written((w) => writeConnectRequest(w, request))));
    assert.deepEqual(readConnectRequest(sent!), request);
    const response = { timeoutMs: 0, session: NO_SESSION, password: hex('00'.repeat(16)), readOnly: false };
    const [answer] = framesOf(hex(written((w) => writeConnectResponse(w, response))));
    assert.deepEqual(readConnectResponse(answer!), response);
  });
});
