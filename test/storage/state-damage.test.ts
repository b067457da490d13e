import assert from 'node:assert/strict';
import { TepuiError, crc32c, utf8Encode, type SnapshotChunk } from '../../lib/base/index.js';
import { MemoryDisk, type DataFolder, type StateRecord } from '../../lib/storage/index.js';
import { recordKey } from '../../lib/storage/keys.js';
import { Slab } from '../../lib/storage/slab.js';
import { appendTerm, group, logOf, open, openFormed } from './helpers.js';

const isDamaged = (e: unknown): boolean => e instanceof TepuiError && e.code === 'DAMAGED';
const isMalformed = (e: unknown): boolean => e instanceof TepuiError && e.code === 'MALFORMED';
const keys = ['a', 'b'].map(utf8Encode) as [Uint8Array, Uint8Array];

/** A folder whose state holds `a` and `b` in table 1. */
async function twoRecords(): Promise<{ disk: MemoryDisk; folder: DataFolder }> {
  const disk = new MemoryDisk();
  const folder = await openFormed(disk);
  await appendTerm(logOf(folder), 1, 3);
  const chain = logOf(folder).chainAt(2)!;
  const meta = { index: 2, term: 1, revision: 2, configuration: group, digest: '00', chain };
  const records = keys.map((key) => ({ table: 1, key, value: utf8Encode('value') }));
  await folder.state.writeCut(meta, records, []);
  return { disk, folder };
}

async function load(folder: DataFolder): Promise<StateRecord[]> {
  const found: StateRecord[] = [];
  for await (const slice of folder.state.load(1000)) found.push(...slice);
  return found;
}

describe('a damaged state', () => {
  it('is refused when a record has a flipped bit, wherever it is', async () => {
    const { disk, folder } = await twoRecords();
    const key = recordKey(1, keys[0], new Slab());
    const good = disk.databases.get('state')!.get(key)!.slice();
    for (let bit = 0; bit < good.length * 8; bit++) {
      const value = good.slice();
      value[bit >> 3]! ^= 1 << (bit & 7);
      disk.tamper('state', [{ type: 'put', key, value }]);
      await assert.rejects(load(folder), isDamaged, `bit ${bit}`);
    }
    disk.tamper('state', [{ type: 'put', key, value: new Uint8Array(2) }]);
    await assert.rejects(load(folder), isDamaged);
    disk.tamper('state', [{ type: 'put', key, value: good }]);
    assert.equal((await load(folder)).length, 2);
  });

  it("is refused when one record's value lies under another's key", async () => {
    const { disk, folder } = await twoRecords();
    const value = disk.databases.get('state')!.get(recordKey(1, keys[0], new Slab()))!;
    disk.tamper('state', [{ type: 'put', key: recordKey(1, keys[1], new Slab()), value }]);
    await assert.rejects(load(folder), isDamaged);
  });

  it('is not passed on: reading it for a snapshot fails, and so does receiving it', async () => {
    const { disk, folder } = await twoRecords();
    const snapshot = folder.state.openSnapshot();
    const good: SnapshotChunk[] = [];
    for await (const chunk of snapshot.chunks(0)) good.push(chunk);
    const key = recordKey(1, keys[1], new Slab());
    const value = disk.databases.get('state')!.get(key)!.slice();
    value[6]! ^= 1;
    disk.tamper('state', [{ type: 'put', key, value }]);
    const reading = folder.state.openSnapshot().chunks(0)[Symbol.asyncIterator]();
    await assert.rejects(reading.next(), isDamaged);

    const target = await openFormed(new MemoryDisk());
    const receiver = await target.receive(snapshot.id, snapshot.meta);
    const bytes = good[0]!.bytes.slice();
    bytes[bytes.length - 1]! ^= 1;
    await assert.rejects(receiver.add({ ...good[0]!, bytes, crc: crc32c(bytes) }), isDamaged);
    await assert.rejects(receiver.finish(), isMalformed);
    await receiver.abandon();
  });

  it('made from another log than the one beside it is damage', async () => {
    const { disk, folder } = await twoRecords();
    const meta = folder.state.meta!;
    await folder.state.writeCut({ ...meta, chain: new Uint8Array(16).fill(1) }, [], []);
    disk.powerCut();
    const log = logOf(await open(disk));
    assert.equal(log.health.kind, 'log-damaged');
    assert.deepEqual([log.base().index, log.lastIndex()], [2, 2]);
  });
});
