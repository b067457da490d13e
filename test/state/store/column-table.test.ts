import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { StateDeletion, StateRecord } from '../../../lib/state/index.js';
import type { BytesColumn } from '../../../lib/state/store/bytes-column.js';
import { ColumnTable } from '../../../lib/state/store/column-table.js';
import type { U32Column } from '../../../lib/state/store/columns.js';
import { Digest } from '../../../lib/state/store/digest.js';
import type { CutSink } from '../../../lib/state/store/table.js';
import { bytes } from '../support/driver.js';

class Sample {
  readonly digest: Digest = new Digest();
  readonly table: ColumnTable = new ColumnTable({
    number: 1,
    name: 'sample',
    version: 1,
    fixedBytes: 10,
    digest: this.digest,
  });
  readonly count: U32Column = this.table.u32();
  readonly data: BytesColumn = this.table.bytesColumn();

  find(key: string): number {
    return this.table.find(bytes(key), 0, key.length);
  }

  put(key: string, value: number): void {
    let row = this.find(key);
    if (row < 0) row = this.table.insert(bytes(key), 0, key.length);
    this.count.set(row, value);
    this.data.set(row, bytes('d'.repeat(value % 50)));
  }

  delete(key: string): void {
    const row = this.find(key);
    if (row >= 0) this.table.remove(row);
  }

  contents(keys: readonly string[]): Map<string, number> {
    const rows = keys.map((key) => [key, this.find(key)] as const).filter(([, row]) => row >= 0);
    return new Map(rows.map(([key, row]) => [key, this.count.get(row)]));
  }
}

class Sink implements CutSink {
  readonly records: StateRecord[] = [];
  readonly deletions: StateDeletion[] = [];
  record(table: number, key: Uint8Array, from: number, to: number, value: Uint8Array): void {
    this.records.push({ table, key: key.slice(from, to), value: value.slice() });
  }
  deletion(deletion: StateDeletion): void {
    this.deletions.push(deletion);
  }
}

function text(key: Uint8Array): string {
  return new TextDecoder().decode(key);
}

function fold(store: Map<string, Uint8Array>, sink: Sink): void {
  for (const { key, value } of sink.records) store.set(text(key), value);
  for (const { key } of sink.deletions) assert.ok(store.delete(text(key)), `${text(key)} was never stored`);
}

function reload(store: Map<string, Uint8Array>): Sample {
  const sample = new Sample();
  for (const [key, value] of store) sample.table.load(bytes(key), value);
  return sample;
}

const KEYS = Array.from({ length: 12 }, (_, i) => `key-${i}`);

describe('A column table', () => {
  it('holds what a map would hold, and its cuts hold what the map held when they began', () => {
    const step = fc.record({
      key: fc.nat(KEYS.length - 1),
      value: fc.integer({ min: 1, max: 1000 }),
      act: fc.constantFrom('put', 'put', 'delete', 'cut', 'slice'),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
        const sample = new Sample();
        const model = new Map<string, number>();
        const store = new Map<string, Uint8Array>();
        let sink: Sink | null = null;
        let frozen = new Map<string, number>();
        for (const { key, value, act } of [...steps, { key: 0, value: 1, act: 'cut' }]) {
          const name = KEYS[key]!;
          if (act === 'put') {
            sample.put(name, value);
            model.set(name, value);
          } else if (act === 'delete') {
            sample.delete(name);
            model.delete(name);
          } else if (act === 'slice') sample.table.encodeFrozen(1);
          else {
            if (sink !== null) {
              while (sample.table.frozen > 0) sample.table.encodeFrozen(2);
              const digest = sample.digest.toString();
              fold(store, sink);
              const loaded = reload(store);
              assert.deepEqual(loaded.contents(KEYS), new Map([...frozen].sort(byKey)));
              assert.equal(loaded.digest.toString(), digest);
            }
            sink = new Sink();
            frozen = new Map(model);
            sample.table.freeze(sink);
          }
          assert.equal(sample.table.records, model.size);
        }
        assert.deepEqual(sample.contents(KEYS), new Map([...model].sort(byKey)));
      }),
      { numRuns: 150 },
    );
  });

  it('finds every one of many records after growing, and none that was removed', () => {
    const sample = new Sample();
    for (let i = 0; i < 20_000; i++) sample.put(`n${i}`, i);
    for (let i = 0; i < 20_000; i += 3) sample.delete(`n${i}`);
    for (let i = 0; i < 20_000; i++) {
      const row = sample.find(`n${i}`);
      if (i % 3 === 0) assert.equal(row, -1);
      else assert.equal(sample.count.get(row), i);
    }
  });

  it('counts bytes as a function of the records, whatever happened before', () => {
    const one = new Sample();
    const other = new Sample();
    for (const key of KEYS) one.put(key, 40);
    for (const key of KEYS) {
      other.put(key, 3);
      other.delete(key);
      other.put(key, 49);
      other.put(key, 40);
    }
    assert.equal(one.table.bytes, other.table.bytes);
    for (const key of KEYS) one.delete(key);
    assert.equal(one.table.bytes, 0);
  });

  it('tells nothing of a record that came and went between two cuts', () => {
    const sample = new Sample();
    sample.put('brief', 1);
    sample.delete('brief');
    const sink = new Sink();
    sample.table.freeze(sink);
    sample.table.encodeFrozen(100);
    assert.deepEqual([sink.records, sink.deletions], [[], []]);
  });

  for (const [title, keys] of [
    ['right after it', ['a', 'b', 'b']],
    ['later, in order', ['a', 'b', 'c', 'a']],
    ['when none came in order', ['c', 'a', 'b', 'c']],
    ['and is the greatest, after a smaller one', ['b', 'a', 'b']],
  ] as const) {
    it(`refuses to load a key that comes twice: ${title}`, () => {
      const record = stored({ x: 7 }).get('x')!;
      const { table } = new Sample();
      for (const key of keys.slice(0, -1)) table.load(bytes(key), record);
      assert.throws(() => table.load(bytes(keys.at(-1)!), record), /sample: a key comes twice/);
    });
  }

  it('takes no memory for a field that no record has, and gives back 0', () => {
    const sample = new Sample();
    for (let i = 0; i < 4096; i++) sample.put(`n${i}`, 0);
    const before = sample.table.reservedBytes;
    assert.equal(sample.count.reservedBytes, 0);
    sample.count.set(17, 3);
    assert.deepEqual([sample.count.get(17), sample.count.get(18)], [3, 0]);
    assert.equal(sample.count.reservedBytes, 4 * 4096);
    assert.equal(sample.table.reservedBytes, before + 4 * 4096);
  });
});

/** What a cut of a table with these records holds. */
function stored(values: Readonly<Record<string, number>>): Map<string, Uint8Array> {
  const sample = new Sample();
  for (const [key, value] of Object.entries(values)) sample.put(key, value);
  const sink = new Sink();
  sample.table.freeze(sink);
  sample.table.encodeFrozen(100);
  const store = new Map<string, Uint8Array>();
  fold(store, sink);
  return store;
}

function byKey(a: readonly [string, number], b: readonly [string, number]): number {
  return KEYS.indexOf(a[0]) - KEYS.indexOf(b[0]);
}
