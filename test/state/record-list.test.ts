import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RecordList } from '../../lib/state/record-list.js';

describe('A list of records', () => {
  it('gives the records back as they came, whatever their sizes, as often as it is asked', () => {
    const bytes = (max: number) => fc.uint8Array({ maxLength: max });
    const record = fc.record(
      { table: fc.nat(0xffff), key: bytes(300), value: bytes(3000) },
      { noNullPrototype: true },
    );
    const check = (records: readonly { table: number; key: Uint8Array; value: Uint8Array }[]) => {
      const list = new RecordList();
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
    const list = new RecordList();
    const key = Uint8Array.of(1, 2, 3, 4);
    const value = Uint8Array.of(5);
    list.add(6, key, 1, 3, value);
    key.fill(0);
    value.fill(0);
    const [record] = list;
    assert.deepEqual([...record!.key, ...record!.value], [2, 3, 5]);
  });

  it('gives everything up when it is cleared', () => {
    const list = new RecordList();
    list.add(6, Uint8Array.of(1), 0, 1, Uint8Array.of(2));
    list.clear();
    assert.deepEqual([list.length, ...list], [0]);
  });
});
