import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MalformedError } from '../../../lib/base/index.js';
import { JuteReader } from '../../../lib/wire/zookeeper/jute-reader.js';
import { OP } from '../../../lib/wire/zookeeper/opcodes.js';
import { readRequestBody, readRequestHeader, type Request } from '../../../lib/wire/zookeeper/requests.js';
import { hex, reader } from './support.js';

const PATH = '00000002 2f61'; // "/a"
const OPEN_ACL = '00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65';
const ANYONE = { permissions: 31, scheme: 'world', id: 'anyone' };
const END = 'ffffffff 01 ffffffff';

function read(type: number, body: string): Request {
  const r = reader(body);
  const request = readRequestBody(r, type);
  assert.equal(r.remaining, 0);
  return request;
}

describe('requests of ZooKeeper clients', () => {
  it('begin with a number of the client’s own and a type', () => {
    assert.deepEqual(readRequestHeader(reader('fffffffe 0000000b')), { xid: -2, type: OP.ping });
  });

  it('create: path, data, ACL, flags', () => {
    const data = new Uint8Array(hex('7879'));
    for (const op of [OP.create, OP.create2, OP.createContainer] as const) {
      const request = read(op, `${PATH} 00000002 7879 ${OPEN_ACL} 00000003`);
      const expected = { op, path: '/a', data, acl: [ANYONE], flags: 3, ttlMs: -1 };
      assert.deepEqual({ ...request, data: new Uint8Array(data) }, expected);
    }
  });

  it('createTTL: the same and how long', () => {
    const request = read(OP.createTtl, `${PATH} ffffffff ${OPEN_ACL} 00000005 0000000000000064`);
    assert.deepEqual(request, { op: 21, path: '/a', data: null, acl: [ANYONE], flags: 5, ttlMs: 100 });
  });

  it('writes with a version: delete, setData, setACL, check', () => {
    assert.deepEqual(read(OP.delete, `${PATH} ffffffff`), { op: 2, path: '/a', version: -1 });
    assert.deepEqual(read(OP.check, `${PATH} 00000004`), { op: 13, path: '/a', version: 4 });
    assert.deepEqual(read(OP.setData, `${PATH} ffffffff 00000000`), {
      op: 5,
      path: '/a',
      data: null,
      version: 0,
    });
    assert.deepEqual(read(OP.setAcl, `${PATH} ${OPEN_ACL} 00000001`), {
      op: 7,
      path: '/a',
      acl: [ANYONE],
      version: 1,
    });
  });

  it('reads with a watch: exists, getData, getChildren in both forms', () => {
    for (const op of [OP.exists, OP.getData, OP.getChildren, OP.getChildren2]) {
      assert.deepEqual(read(op, `${PATH} 01`), { op, path: '/a', watch: true });
      assert.deepEqual(read(op, `${PATH} 00`), { op, path: '/a', watch: false });
    }
  });

  it('multi: operations behind headers until one that says done', () => {
    const check = `0000000d 00 ffffffff ${PATH} 00000001`;
    const remove = `00000002 00 ffffffff ${PATH} ffffffff`;
    assert.deepEqual(read(OP.multi, `${check} ${remove} ${END}`), {
      op: 14,
      requests: [
        { op: 13, path: '/a', version: 1 },
        { op: 2, path: '/a', version: -1 },
      ],
    });
    assert.deepEqual(read(OP.multi, END), { op: 14, requests: [] });
  });

  it('multi holds writes only, multiRead getData and getChildren only', () => {
    const get = `00000004 00 ffffffff ${PATH} 00`;
    const setAcl = `00000007 00 ffffffff ${PATH} ${OPEN_ACL} 00000001`;
    const exists = `00000003 00 ffffffff ${PATH} 00`;
    assert.throws(() => read(OP.multi, `${get} ${END}`), MalformedError);
    assert.throws(() => read(OP.multi, `${setAcl} ${END}`), MalformedError);
    assert.throws(() => read(OP.multiRead, `${exists} ${END}`), MalformedError);
    assert.deepEqual(read(OP.multiRead, `${get} ${END}`), {
      op: 22,
      requests: [{ op: 4, path: '/a', watch: false }],
    });
  });

  it('setWatches has three lists, setWatches2 five', () => {
    const one = '00000001 00000002 2f61';
    const base = { relativeZxid: 7, data: ['/a'], exists: [], children: ['/a'] };
    assert.deepEqual(read(OP.setWatches, `0000000000000007 ${one} 00000000 ${one}`), {
      op: 101,
      ...base,
      persistent: [],
      persistentRecursive: [],
    });
    assert.deepEqual(read(OP.setWatches2, `0000000000000007 ${one} ffffffff ${one} 00000000 ${one}`), {
      op: 105,
      ...base,
      persistent: [],
      persistentRecursive: ['/a'],
    });
  });

  it('the rest: watches by kind, paths alone, credentials, tokens, reconfig, and those without a body', () => {
    for (const op of [OP.addWatch, OP.checkWatches, OP.removeWatches]) {
      assert.deepEqual(read(op, `${PATH} 00000001`), { op, path: '/a', kind: 1 });
    }
    for (const op of [OP.getAcl, OP.sync, OP.getEphemerals, OP.getAllChildrenNumber]) {
      assert.deepEqual(read(op, PATH), { op, path: '/a' });
    }
    for (const op of [OP.ping, OP.closeSession, OP.whoAmI]) assert.deepEqual(read(op, ''), { op });
    const auth = read(OP.auth, '00000000 00000006 646967657374 00000003 753a70');
    assert.equal(
      auth.op === OP.auth && `${auth.scheme} ${Buffer.from(auth.credentials).toString()}`,
      'digest u:p',
    );
    const sasl = read(OP.sasl, '00000001 41');
    assert.equal(sasl.op === OP.sasl && Buffer.from(sasl.token).toString(), 'A');
    assert.deepEqual(read(OP.reconfig, 'ffffffff 00000001 32 ffffffff ffffffffffffffff'), {
      op: 16,
      joining: null,
      leaving: '2',
      newMembers: null,
      configId: -1,
    });
  });

  it('of a type that is none are told apart, not refused', () => {
    assert.deepEqual(readRequestBody(reader('0102'), 999), { op: 'unknown', type: 999 });
  });

  it('of any bytes are read or refused as malformed, and never end otherwise', () => {
    const types = fc.constantFrom(...Object.values(OP));
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 80 }), (type, bytes) => {
        try {
          readRequestBody(new JuteReader(Buffer.from(bytes)), type);
        } catch (error) {
          assert.ok(error instanceof MalformedError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
