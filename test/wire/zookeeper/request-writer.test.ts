import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JuteReader } from '../../../lib/wire/zookeeper/jute-reader.js';
import { JuteWriter } from '../../../lib/wire/zookeeper/jute-writer.js';
import { OP, XID } from '../../../lib/wire/zookeeper/opcodes.js';
import { readRequestBody, readRequestHeader, type Request } from '../../../lib/wire/zookeeper/requests.js';
import { writeRequest } from '../../../lib/wire/zookeeper/request-writer.js';
import { framesOf } from './support.js';

const path = fc.constantFrom('/', '/a', '/ä/b', '');
const data = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
);
const version = fc.integer();
const acl = fc.array(fc.record({ permissions: fc.integer(), scheme: fc.string(), id: fc.string() }), {
  maxLength: 3,
});
const flags = fc.integer({ min: 0, max: 6 });
const paths = fc.array(path, { maxLength: 3 });

const multiWrite = fc.oneof(
  fc.record({
    op: fc.constantFrom(OP.create, OP.create2, OP.createContainer),
    path,
    data,
    acl,
    flags,
    ttlMs: fc.constant(-1),
  }),
  fc.record({ op: fc.constant(OP.createTtl), path, data, acl, flags, ttlMs: fc.nat() }),
  fc.record({ op: fc.constantFrom(OP.delete, OP.check), path, version }),
  fc.record({ op: fc.constant(OP.setData), path, data, version }),
);

const request: fc.Arbitrary<Request> = fc.oneof(
  multiWrite,
  fc.record({ op: fc.constant(OP.setAcl), path, acl, version }),
  fc.record({ op: fc.constant(OP.multi), requests: fc.array(multiWrite, { maxLength: 4 }) }),
  fc.record({
    op: fc.constant(OP.multiRead),
    requests: fc.array(
      fc.record({ op: fc.constantFrom(OP.getData, OP.getChildren), path, watch: fc.boolean() }),
    ),
  }),
  fc.record({
    op: fc.constantFrom(OP.exists, OP.getData, OP.getChildren, OP.getChildren2),
    path,
    watch: fc.boolean(),
  }),
  fc.record({
    op: fc.constantFrom(OP.getAcl, OP.sync, OP.getEphemerals, OP.getAllChildrenNumber),
    path,
  }),
  fc.record({
    op: fc.constant(OP.setWatches2),
    relativeZxid: fc.nat(),
    data: paths,
    exists: paths,
    children: paths,
    persistent: paths,
    persistentRecursive: paths,
  }),
  fc.record({
    op: fc.constantFrom(OP.addWatch, OP.checkWatches, OP.removeWatches),
    path,
    kind: fc.integer(),
  }),
  fc.record({
    op: fc.constant(OP.reconfig),
    joining: fc.constant(null),
    leaving: fc.string(),
    newMembers: fc.constant(null),
    configId: fc.maxSafeInteger(),
  }),
  fc.record({ op: fc.constantFrom(OP.ping, OP.closeSession, OP.whoAmI) }),
);

/** Objects with their fields in order, so that equal ones have equal text. */
function sorted(_: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('Requests as clients write them', () => {
  it('are read as they were meant', () => {
    fc.assert(
      fc.property(request, fc.integer({ min: 1 }), (sent, xid) => {
        const w = new JuteWriter();
        const own = writeRequest(w, xid, sent);
        const [frame] = framesOf(w.take());
        const r = new JuteReader(frame!);
        assert.deepEqual(readRequestHeader(r), { xid: own, type: sent.op });
        const read = readRequestBody(r, sent.op === 'unknown' ? 0 : sent.op);
        assert.equal(JSON.stringify(read, sorted), JSON.stringify(sent, sorted));
        assert.equal(r.remaining, 0);
      }),
      { numRuns: 500 },
    );
  });

  it('of some types carry a number that says so', () => {
    const w = new JuteWriter();
    const credentials = new Uint8Array(0);
    assert.equal(writeRequest(w, 9, { op: OP.ping }), XID.ping);
    assert.equal(writeRequest(w, 9, { op: OP.auth, scheme: 'digest', credentials }), XID.auth);
    assert.equal(writeRequest(w, 9, { op: OP.closeSession }), 9);
  });
});
