import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ChunkPool, RecordList } from '../../lib/state/record-list.js';

describe('A list of records', () => {
  it('gives the records back as they came, whatever their sizes, as often as it is asked', () => {
    const bytes = (max: number) => fc.uint8Array({ maxLength: max });
    const record = fc.record(
      { table: fc.nat(0xffff), key: bytes(300), value: bytes(3000) },
      { noNullPrototype: true },
    );
    const check = (records: readonly { table: number; key: Uint8Array; value: Uint8Array }[]) => {
      const list = new RecordList(new ChunkPool());
      for (const { table, key, value } of records) list.add(table, key, 0, key.length, value);
      assert.equal(list.length, records.length);
      for (let time = 0; time < 2; time++) {
        const found = Array.from(list, ({ table, key, value }) => ({ table, key, value }));
        assert.deepEqual(found, records);
      }
    };
    fc.assert(fc.property(fc.array(record, { maxLength: 200 }), check));
    check([{ table: 6, key: new Uint8Array(100_000).fill(1), value: new Uint8Array(1 << 20).fill(2) }]);
  });

  it('holds copies: what a record came from may change', () => {
    const list = new RecordList(new ChunkPool());
    const key = Uint8Array.of(1, 2, 3, 4);
    const value = Uint8Array.of(5);
    list.add(6, key, 1, 3, value);
    key.fill(0);
    value.fill(0);
    const [record] = list;
    assert.deepEqual([...record!.key, ...record!.value], [2, 3, 5]);
  });

  it('gives everything up when it is cleared', () => {
    const list = new RecordList(new ChunkPool());
    list.add(6, Uint8Array.of(1), 0, 1, Uint8Array.of(2));
    list.clear();
    assert.deepEqual([list.length, ...list], [0]);
  });

  it('leaves its memory to the next list, but never while it holds anything', () => {
    const pool = new ChunkPool();
    const fill = (value: number): RecordList => {
      const list = new RecordList(pool);
      for (let i = 0; i < 300; i++) list.add(6, Uint8Array.of(i), 0, 1, new Uint8Array(1000).fill(value));
      return list;
    };
    const values = (list: RecordList): Set<number> => new Set([...list].flatMap(({ value }) => [...value]));
    const memory = (list: RecordList) => new Set([...list].map(({ value }) => value.buffer));
    const first = fill(1);
    const second = fill(2);
    assert.deepEqual([values(first), values(second)], [new Set([1]), new Set([2])]);
    const freed = memory(first);
    first.clear();
    first.clear();
    const third = fill(3);
    const fourth = fill(4);
    assert.deepEqual([second, third, fourth].map(values), [new Set([2]), new Set([3]), new Set([4])]);
    assert.ok([...memory(third)].some((buffer) => freed.has(buffer)));
  });

  it('says so when it is cleared under somebody who reads it', () => {
    const list = new RecordList(new ChunkPool());
    for (let i = 0; i < 2; i++) list.add(6, Uint8Array.of(i), 0, 1, Uint8Array.of(2));
    const records = list[Symbol.iterator]();
    records.next();
    list.clear();
    assert.throws(() => records.next(), /cleared while/);
  });
});
