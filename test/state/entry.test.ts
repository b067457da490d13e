import assert from 'node:assert/strict';
import { MalformedError, TepuiError } from '../../lib/base/index.js';
import {
  decodeEntry,
  DEFAULT_LIMITS,
  encodeCommand,
  encodeEntry,
  encodeSubBatch,
  Machine,
  peekSubBatch,
  UnknownCommandError,
} from '../../lib/state/index.js';
import { bytes, Driver, M1, M2 } from './support/driver.js';

const CREATE = encodeCommand({ kind: 'tree-create', path: '/a', data: bytes('x') });

describe('Entries', () => {
  it('carry sub-batches that the leader only peeks into', () => {
    const batch = encodeSubBatch(M2, 7, 3, [CREATE, CREATE]);
    assert.deepEqual(peekSubBatch(batch), { lane: M2, boot: 7, number: 3, count: 2 });
    const entry = decodeEntry(encodeEntry(99, [batch]));
    assert.equal(entry.timeMs, 99);
    assert.deepEqual(entry.batches[0]!.commands, [CREATE, CREATE]);
  });

  it('with a sub-batch that cannot be read run the others', () => {
    const machine = new Machine(DEFAULT_LIMITS);
    const good = encodeSubBatch(M1, 1, 1, [CREATE]);
    const applied = machine.apply(1, 1, encodeEntry(1, [bytes('rubbish'), good]));
    assert.equal(applied.malformed, 1);
    assert.equal(applied.batches[0]!.results[0]!.ok, true);
  });

  it('of a newer version stop the node and say so; of none, they are damage', () => {
    assert.throws(
      () => decodeEntry(Uint8Array.of(9, 0, 0)),
      (error: unknown) =>
        error instanceof TepuiError &&
        error.code === 'NEWER_FORMAT' &&
        error.message === 'an entry of the log has version 9; this release reads up to version 1',
    );
    assert.throws(() => decodeEntry(Uint8Array.of(0, 0, 0)), MalformedError);
  });

  it('set the clock to the latest stamp, never back', () => {
    const driver = new Driver();
    driver.nowMs = 500;
    driver.run();
    driver.nowMs = 400;
    driver.run();
    assert.equal(driver.machine.clockMs, 500);
  });
});

describe('Commands', () => {
  it('take a revision each, refused or not', () => {
    const driver = new Driver();
    driver.run(
      { kind: 'tree-create', path: '/a', data: bytes('') },
      { kind: 'tree-create', path: '/a', data: bytes('') },
    );
    assert.equal(driver.machine.revision, 2);
  });

  it('that cannot be read are refused as MALFORMED and change nothing', () => {
    const machine = new Machine(DEFAULT_LIMITS);
    const entry = encodeEntry(1, [encodeSubBatch(M1, 1, 1, [CREATE.subarray(0, 4), CREATE])]);
    const [broken, good] = machine.apply(1, 1, entry).batches[0]!.results;
    assert.deepEqual([broken!.ok, !broken!.ok && broken!.code], [false, 'MALFORMED']);
    assert.equal(good!.ok, true);
  });

  it('with bytes after their end are refused', () => {
    const machine = new Machine(DEFAULT_LIMITS);
    const longer = new Uint8Array([...CREATE, 0]);
    const entry = encodeEntry(1, [encodeSubBatch(M1, 1, 1, [longer])]);
    assert.equal(machine.apply(1, 1, entry).batches[0]!.results[0]!.ok, false);
  });

  it('above the size limit are refused as TOO_LARGE', () => {
    const driver = new Driver({ commandBytes: 100 });
    assert.equal(driver.refused({ kind: 'tree-create', path: '/a', data: new Uint8Array(100) }), 'TOO_LARGE');
  });

  it('of an unknown number or version stop the node and name what it lacks', () => {
    const newer = Uint8Array.from(CREATE);
    newer[1] = 2;
    for (const [command, number, version] of [
      [Uint8Array.of(200, 1), 200, 1],
      [newer, CREATE[0]!, 2],
    ] as const) {
      const entry = encodeEntry(1, [encodeSubBatch(M1, 1, 1, [command])]);
      assert.throws(
        () => new Machine(DEFAULT_LIMITS).apply(1, 1, entry),
        (error: unknown) =>
          error instanceof UnknownCommandError && error.number === number && error.version === version,
      );
    }
  });
});

describe('Lanes', () => {
  const set = encodeCommand({ kind: 'tree-set', path: '/', data: bytes('x'), expectedVersion: -1 });
  let index = 0;
  let machine = new Machine(DEFAULT_LIMITS);

  function send(lane: typeof M1, boot: number, number: number): boolean {
    const applied = machine.apply(++index, 1, encodeEntry(1, [encodeSubBatch(lane, boot, number, [set])]));
    return !applied.batches[0]!.skipped;
  }

  beforeEach(() => {
    machine = new Machine(DEFAULT_LIMITS);
  });

  it('run each sub-batch once and in order', () => {
    assert.deepEqual(
      [send(M1, 1, 1), send(M1, 1, 1), send(M1, 1, 2), send(M1, 1, 1)],
      [true, false, true, false],
    );
    assert.equal(machine.tree.exists('/')!.version, 2);
    assert.deepEqual(machine.lane(M1), { boot: 1, number: 2 });
  });

  it('skip what does not follow directly, without taking a revision', () => {
    send(M1, 1, 1);
    assert.equal(send(M1, 1, 3), false);
    assert.equal(machine.revision, 1);
    assert.equal(send(M1, 1, 2), true);
  });

  it('are closed by a higher boot, which begins at 1', () => {
    send(M1, 1, 1);
    assert.equal(send(M1, 2, 2), false);
    assert.equal(send(M1, 2, 1), true);
    assert.equal(send(M1, 1, 2), false);
  });

  it('of different members do not mind each other', () => {
    assert.deepEqual([send(M1, 1, 1), send(M2, 9, 1), send(M1, 1, 2)], [true, true, true]);
  });
});
