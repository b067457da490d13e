import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteWriter, MalformedError, TepuiError, type NodeId } from '../../lib/base/index.js';
import {
  MESSAGE_TYPES,
  encodeConfiguration,
  simpleConfiguration,
  type Configuration,
  type Entry,
  type Message,
} from '../../lib/raft/index.js';
import { decodeMessages, encodeMessages } from '../../lib/wire/index.js';

const FROM = 'm1@000000000000000a' as NodeId;
const TO = 'm2@000000000000000b' as NodeId;

const counter = fc.maxSafeNat();
const node = fc.string().map((text) => text as NodeId);
const nodes = fc.array(node, { maxLength: 3 });
const envelope = { from: fc.constant(FROM), to: fc.constant(TO), term: counter };
const configuration = fc.record({
  voters: nodes,
  outgoing: nodes,
  learners: nodes,
  learnersNext: nodes,
  autoLeave: fc.boolean(),
  leaseMs: counter,
});

const entry = fc.oneof(
  fc.record({
    term: counter,
    kind: fc.constantFrom('normal' as const, 'noop' as const),
    data: fc.uint8Array({ maxLength: 40 }),
  }),
  fc.record({
    term: counter,
    kind: fc.constant('configuration' as const),
    data: configuration.map((one: Configuration) => encodeConfiguration(one)),
  }),
);
const entries = (prevIndex: number) =>
  fc
    .array(entry, { maxLength: 4 })
    .map((list): Entry[] => list.map((one, i) => ({ ...one, index: prevIndex + 1 + i })));

const append = fc.nat(2 ** 40).chain((prevIndex) =>
  fc.record({
    ...envelope,
    type: fc.constant('append' as const),
    prevIndex: fc.constant(prevIndex),
    prevTerm: counter,
    commit: counter,
    entries: entries(prevIndex),
  }),
);

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    ...envelope,
    type: fc.constant('vote' as const),
    pre: fc.boolean(),
    lastIndex: counter,
    lastTerm: counter,
    transfer: fc.boolean(),
  }),
  fc.record({
    ...envelope,
    type: fc.constant('vote-reply' as const),
    pre: fc.boolean(),
    granted: fc.boolean(),
  }),
  append,
  fc.record({
    ...envelope,
    type: fc.constant('append-reply' as const),
    index: counter,
    rejected: fc.boolean(),
    hintIndex: counter,
    hintTerm: counter,
  }),
  fc.record({ ...envelope, type: fc.constant('heartbeat' as const), commit: counter, round: counter }),
  fc.record({ ...envelope, type: fc.constant('heartbeat-reply' as const), round: counter }),
  fc.record({ ...envelope, type: fc.constant('read' as const), context: counter }),
  fc.record({
    ...envelope,
    type: fc.constant('read-reply' as const),
    context: counter,
    index: fc.oneof(fc.constant(-1), fc.nat()),
  }),
  fc.record({
    ...envelope,
    type: fc.constant('snapshot' as const),
    meta: fc.record({ index: counter, term: counter, configuration }),
  }),
  fc.record({ ...envelope, type: fc.constant('timeout-now' as const) }),
);

function encode(...messages: Message[]): Uint8Array {
  return encodeMessages(new ByteWriter(), messages);
}

describe('the codec of consensus messages', () => {
  it('reads back every batch that it wrote', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), (batch) => {
        for (const { type } of batch) seen.add(type);
        // fast-check makes objects without a prototype; a clone has one.
        assert.deepEqual(decodeMessages(encode(...batch), FROM, TO), structuredClone(batch));
      }),
      { numRuns: 400 },
    );
    assert.deepEqual([...seen].sort(), [...MESSAGE_TYPES].sort());
  });

  it('ends random and damaged bytes in MalformedError, NEWER_FORMAT or a valid batch, never otherwise', () => {
    const header = new ByteWriter().u8(1).text(TO).finish();
    const judge = (bytes: Uint8Array): void => {
      try {
        const batch = decodeMessages(bytes, FROM, TO);
        if (batch !== null && batch.length > 0) encode(...batch);
      } catch (error) {
        const newer = error instanceof TepuiError && error.code === 'NEWER_FORMAT';
        assert.ok(error instanceof MalformedError || newer, String(error));
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        judge(bytes);
        judge(Uint8Array.from([...header, ...bytes]));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), (sound, at, value) => {
        const bytes = encode(sound);
        bytes[at % bytes.length] = value;
        judge(bytes);
        judge(bytes.subarray(0, at % bytes.length));
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses a whole batch with a configuration of a newer release, and names the version', () => {
    const data = encodeConfiguration(simpleConfiguration([FROM, TO]));
    data[0] = 2;
    const entry: Entry = { term: 1, index: 5, kind: 'configuration', data };
    const heartbeat = { type: 'heartbeat', from: FROM, to: TO, term: 1, commit: 3, round: 1 } as const;
    const append = {
      type: 'append',
      from: FROM,
      to: TO,
      term: 1,
      prevIndex: 4,
      prevTerm: 1,
      commit: 4,
    } as const;
    const bytes = encode(heartbeat, { ...append, entries: [entry] });
    assert.throws(
      () => decodeMessages(bytes, FROM, TO),
      (error: unknown) =>
        error instanceof TepuiError &&
        error.code === 'NEWER_FORMAT' &&
        error.message === 'a configuration has version 2; this release reads up to version 1',
    );
  });

  it('names a version and a type of message that this release does not know', () => {
    const newer = encode({ type: 'timeout-now', from: FROM, to: TO, term: 1 });
    newer[0] = 2;
    assert.throws(() => decodeMessages(newer, FROM, TO), /messages of version 2, this release reads 1/);
    const other = encode({ type: 'timeout-now', from: FROM, to: TO, term: 1 });
    other[other.length - 2] = 77;
    assert.throws(() => decodeMessages(other, FROM, TO), /message type 77 is unknown to this release/);
  });

  it('leaves a batch for a former data folder of this member alone', () => {
    const bytes = encode({ type: 'timeout-now', from: FROM, to: TO, term: 1 });
    assert.equal(decodeMessages(bytes, FROM, 'm2@00000000000000ff' as NodeId), null);
  });

  it('hands out entry data in memory of its own: the batch may be read over', () => {
    const data = Uint8Array.of(1, 2, 3);
    const entry: Entry = { term: 1, index: 5, kind: 'normal', data };
    const bytes = encode({
      type: 'append',
      from: FROM,
      to: TO,
      term: 1,
      prevIndex: 4,
      prevTerm: 1,
      commit: 4,
      entries: [entry],
    });
    const [read] = decodeMessages(bytes, FROM, TO) ?? [];
    assert.ok(read?.type === 'append');
    bytes.fill(0xff);
    assert.deepEqual(read.entries[0]?.data, data);
  });

  it('pins the bytes of an append', () => {
    const bytes = encode({
      type: 'append',
      from: FROM,
      to: 'b@1' as NodeId,
      term: 300,
      prevIndex: 4,
      prevTerm: 299,
      commit: 3,
      entries: [{ term: 300, index: 5, kind: 'noop', data: new Uint8Array(0) }],
    });
    assert.equal(Buffer.from(bytes).toString('hex'), '010362403103ac0204ab020301ac020100');
  });
});
