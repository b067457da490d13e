import type { Disk } from '../../lib/storage/disk.js';
import type { DurableState } from '../../lib/storage/state-store.js';
import assert from 'node:assert/strict';
import { TepuiError, crc32c, utf8Encode, type SnapshotChunk } from '../../lib/base/index.js';
import {
  CHUNK_BYTES,
  type CutMeta,
  type DataFolder,
  type SnapshotReceiver,
  type StateRecord,
  type StateSnapshot,
  type StateStore,
} from '../../lib/storage/index.js';
import {
  NOBODY,
  appendTerm,
  entry,
  group,
  logOf,
  open,
  openFormed,
  persist,
  twins,
} from '../storage/helpers.js';

function record(table: number, key: string, value: string | Uint8Array): StateRecord {
  return { table, key: utf8Encode(key), value: typeof value === 'string' ? utf8Encode(value) : value };
}

function metaAt(folder: DataFolder, index: number): CutMeta {
  const log = logOf(folder);
  return {
    index,
    term: log.termAt(index) ?? 0,
    revision: index * 10,
    configuration: group,
    digest: '0123456789abcdef',
    chain: log.chainAt(index) ?? new Uint8Array(16),
  };
}

async function allOf(state: StateStore, maxBytes = 1 << 20): Promise<string[]> {
  const found: string[] = [];
  let ended = false;
  for await (const slice of state.load(maxBytes)) {
    assert.ok(!ended, 'nothing follows the empty slice');
    ended = slice.length === 0;
    for (const r of slice)
      found.push(`${r.table}/${Buffer.from(r.key).toString()}=${Buffer.from(r.value).toString('latin1')}`);
  }
  assert.ok(ended, 'loading ends with an empty slice');
  return found;
}

async function chunksOf(snapshot: StateSnapshot, offset = 0): Promise<SnapshotChunk[]> {
  const chunks: SnapshotChunk[] = [];
  for await (const chunk of snapshot.chunks(offset)) chunks.push(chunk);
  return chunks;
}

/** A state whose snapshot takes several chunks, one record larger than a chunk among them. */
const large: StateRecord[] = [
  ...Array.from({ length: 300 }, (_, i) => record(1, String(i).padStart(4, '0'), 'x'.repeat(2000))),
  record(2, 'huge', new Uint8Array(CHUNK_BYTES * 2 + 7).fill(7)),
  ...Array.from({ length: 50 }, (_, i) => record(3, String(i), new Uint8Array(i))),
];

const hasCode =
  (code: string) =>
  (e: unknown): boolean =>
    e instanceof TepuiError && e.code === code;

for (const twin of twins) {
  describe(`durable state on ${twin.name}`, () => {
    const withCut = (
      records: readonly StateRecord[],
      work: (folder: DataFolder) => Promise<void>,
    ): Promise<void> =>
      twin.with(async (source) => {
        const folder = await openFormed(source);
        await appendTerm(logOf(folder), 1, 20);
        await folder.state.writeCut(metaAt(folder, 10), records, []);
        await work(folder);
        await folder.close();
      });

    it('is nothing before the first cut', () =>
      twin.with(async (source) => {
        const folder = await openFormed(source);
        assert.equal(folder.state.meta, null);
        assert.deepEqual(await allOf(folder.state), []);
        await folder.close();
      }));

    it('holds exactly the state of the last cut, over restarts', () =>
      twin.with(async (source) => {
        const first = await openFormed(source);
        await appendTerm(logOf(first), 1, 20);
        await first.state.writeCut(metaAt(first, 10), [record(1, 'a', '1'), record(1, 'b', '1')], []);
        const meta = metaAt(first, 15);
        await first.state.writeCut(
          meta,
          [record(1, 'a', '2'), record(2, 'a', '3')],
          [{ table: 1, key: utf8Encode('b') }],
        );
        await first.close();
        const folder = await open(source);
        assert.deepEqual(await allOf(folder.state), ['1/a=2', '2/a=3']);
        const found = folder.state.meta!;
        assert.deepEqual(
          { ...found, chain: Buffer.from(found.chain) },
          { ...meta, chain: Buffer.from(meta.chain) },
        );
        await folder.close();
      }));

    it('loads in key order, table by table, whatever the size of a slice', () =>
      withCut(
        [record(2, 'a', ''), record(1, 'b', 'y'), record(1, 'a', 'x'), record(300, '', 'z')],
        async (f) => {
          const expected = ['1/a=x', '1/b=y', '2/a=', '300/=z'];
          assert.deepEqual(await allOf(f.state), expected);
          assert.deepEqual(await allOf(f.state, 1), expected);
        },
      ));

    it('writes one cut at a time and never an older one', () =>
      withCut([], async (folder) => {
        const first = folder.state.writeCut(metaAt(folder, 12), [], []);
        await assert.rejects(folder.state.writeCut(metaAt(folder, 13), [], []), /another is being written/);
        await first;
        await assert.rejects(
          folder.state.writeCut(metaAt(folder, 11), [], []),
          /a cut at 11 after one at 12/,
        );
      }));

    it('streams a snapshot in chunks that are the same at every reading', () =>
      withCut(large, async (folder) => {
        const snapshot = folder.state.openSnapshot();
        const first = await chunksOf(snapshot);
        assert.ok(first.length >= 5, `${first.length} chunks`);
        assert.ok(first.every((c, i) => c.number === i && c.bytes.length <= CHUNK_BYTES));
        assert.ok(first.every((c) => crc32c(c.bytes) === c.crc));
        assert.deepEqual(first.map((c) => c.last !== null).indexOf(true), first.length - 1);
        assert.equal(first.at(-1)?.last?.records, large.length);
        assert.deepEqual(await chunksOf(snapshot), first);
        for (let from = 0; from < first.length; from++) {
          assert.deepEqual(await chunksOf(snapshot, from), first.slice(from));
        }
        await snapshot.close();
      }));

    it('resumes at an offset that this reader has not passed', () =>
      withCut(large, async (folder) => {
        const snapshot = folder.state.openSnapshot();
        const tail = await chunksOf(snapshot, 3);
        assert.deepEqual(tail, (await chunksOf(snapshot)).slice(3));
        await assert.rejects(chunksOf(snapshot, 99), hasCode('OUT_OF_RANGE'));
        await snapshot.close();
      }));

    it('streams the pinned contents while later cuts are written', () =>
      withCut(large, async (folder) => {
        const snapshot = folder.state.openSnapshot();
        const reading = snapshot.chunks(0)[Symbol.asyncIterator]();
        const first = (await reading.next()).value as SnapshotChunk;
        await folder.state.writeCut(
          metaAt(folder, 11),
          [record(1, '0001', 'new')],
          large.slice(100).map(({ table, key }) => ({ table, key })),
        );
        assert.equal(snapshot.meta.index, 10);
        const rest = await chunksOf(snapshot, 1);
        assert.equal(first.number, 0);
        assert.equal(rest.at(-1)?.last?.records, large.length);
        await snapshot.close();
      }));

    const transfer = (
      work: (from: DataFolder, to: DataFolder, chunks: SnapshotChunk[], r: SnapshotReceiver) => Promise<void>,
    ): Promise<void> =>
      withCut(large, (from) =>
        twin.with(async (target) => {
          const to = await openFormed(target);
          await appendTerm(logOf(to), 1, 3);
          const snapshot = from.state.openSnapshot();
          const chunks = await chunksOf(snapshot);
          await work(from, to, chunks, await to.receive(snapshot.id, snapshot.meta));
          await snapshot.close();
          await to.close();
        }),
      );

    it('installs a received state with the batch that names its folder, and not before', () =>
      withCut(large, (from) =>
        twin.with(async (target) => {
          const to = await openFormed(target);
          await appendTerm(logOf(to), 1, 3);
          await to.state.writeCut(metaAt(to, 2), [record(9, 'old', 'old')], []);
          const snapshot = from.state.openSnapshot();
          const receiver = await to.receive(snapshot.id, snapshot.meta);
          for await (const chunk of snapshot.chunks(0)) await receiver.add(chunk);
          const installed = await receiver.finish();
          assert.deepEqual(await allOf(to.state), ['9/old=old']);
          const { index, term, configuration } = receiver.meta;
          await logOf(to).append(
            persist({
              snapshot: { index, term, configuration },
              entries: [entry(2, index + 1)],
              hardState: { term: 2, vote: null },
            }),
            NOBODY,
            installed,
          );
          const state = await to.switchState(installed.folder);
          assert.deepEqual(await allOf(state), await allOf(from.state));
          assert.equal(to.state, state);
          assert.deepEqual([logOf(to).firstIndex(), logOf(to).lastIndex()], [11, 11]);
          await logOf(to).compact({ index: 11, term: 2, configuration });
          await to.state.writeCut(metaAt(to, 11), [], []);
          await to.close();
          const again = await open(target);
          assert.deepEqual(logOf(again).health, { kind: 'intact' });
          assert.equal((await allOf(again.state)).length, large.length);
          assert.equal(again.state.meta?.index, 11);
          await again.close();
          await snapshot.close();
        }),
      ));

    it('resumes a broken transfer at the next chunk and ignores those it has', () =>
      transfer(async (from, to, chunks, receiver) => {
        for (const chunk of chunks.slice(0, 3)) await receiver.add(chunk);
        assert.equal(receiver.next, 3);
        for (const chunk of chunks.slice(1)) await receiver.add(chunk);
        const { folder } = await receiver.finish();
        await to.switchState(folder);
        assert.deepEqual(await allOf(to.state), await allOf(from.state));
      }));

    it('a state that is given up takes none with it that comes in its place meanwhile', () =>
      transfer(async (from, to, chunks, receiver) => {
        for (const chunk of chunks) await receiver.add(chunk);
        const { folder } = await receiver.finish();
        const former = to.state as DurableState;
        const close = former.close.bind(former);
        let closeNow = (): void => undefined;
        // The first to close it is kept waiting, as by a cut in flight.
        former.close = () => {
          former.close = close;
          return new Promise((resolve) => (closeNow = () => resolve(close())));
        };
        const discarding = to.discardState();
        await to.switchState(folder);
        closeNow();
        await discarding;
        const { disk } = to as unknown as { readonly disk: Disk };
        assert.ok((await disk.listKv()).includes(folder), 'it is still on disk');
        assert.deepEqual(await allOf(to.state), await allOf(from.state));
      }));

    it('goes on with the transfer in progress when the same snapshot is offered again', () =>
      transfer(async (from, to, chunks, receiver) => {
        const meta = from.state.meta!;
        for (const chunk of chunks.slice(0, 2)) await receiver.add(chunk);
        assert.equal((await to.receive(receiver.id, meta)).next, 2);
        const other = await to.receive('another', meta);
        assert.equal(other.next, 0);
        await assert.rejects(receiver.add(chunks[2]!), hasCode('MALFORMED'));
        assert.equal((await to.receive('another', { ...meta, revision: 1 })).next, 0);
      }));

    it('gives a finished state up when it is declined, and not once the log has named it', () =>
      transfer(async (_from, to, chunks, receiver) => {
        for (const chunk of chunks) await receiver.add(chunk);
        await receiver.finish();
        await receiver.abandon();
        const again = await to.receive('again', receiver.meta);
        for (const chunk of chunks) await again.add(chunk);
        const installed = await again.finish();
        const { index, term, configuration } = again.meta;
        await logOf(to).append(persist({ snapshot: { index, term, configuration } }), NOBODY, installed);
        await assert.rejects(again.abandon(), /named by the log/);
      }));

    it('survives a shutdown between the batch that names a state and the switch to it', () =>
      withCut(large, (from) =>
        twin.with(async (target) => {
          const to = await openFormed(target);
          await appendTerm(logOf(to), 1, 3);
          const snapshot = from.state.openSnapshot();
          const receiver = await to.receive(snapshot.id, snapshot.meta);
          for await (const chunk of snapshot.chunks(0)) await receiver.add(chunk);
          const { index, term, configuration } = snapshot.meta;
          const installed = await receiver.finish();
          await logOf(to).append(persist({ snapshot: { index, term, configuration } }), NOBODY, installed);
          await to.close();
          const again = await open(target);
          assert.deepEqual(logOf(again).health, { kind: 'intact' });
          assert.equal(again.state.meta?.index, index);
          await again.close();
          await snapshot.close();
        }),
      ));

    it('ends readers of a snapshot that is closed, and waits for a cut in flight', () =>
      withCut(large, async (folder) => {
        const snapshot = folder.state.openSnapshot();
        const reading = snapshot.chunks(0)[Symbol.asyncIterator]();
        await reading.next();
        const cut = folder.state.writeCut(metaAt(folder, 11), large, []);
        await folder.state.close();
        await cut;
        await assert.rejects(async () => {
          while ((await reading.next()).done !== true);
        }, hasCode('OUT_OF_RANGE'));
      }));

    it('refuses chunks that are damaged, missing or out of place, and takes the right one afterwards', () =>
      transfer(async (_from, _to, chunks, receiver) => {
        const [zero, one] = [chunks[0]!, chunks[1]!];
        const flipped = one.bytes.slice();
        flipped[500]! ^= 4;
        await receiver.add(zero);
        await assert.rejects(receiver.add({ ...one, bytes: flipped }), hasCode('MALFORMED'));
        await assert.rejects(receiver.add(chunks[2]!), hasCode('MALFORMED'));
        await assert.rejects(receiver.finish(), hasCode('MALFORMED'));
        await receiver.add(one);
        assert.equal(receiver.next, 2);
        await receiver.abandon();
      }));

    it('refuses a snapshot whose end does not match its digest, count or announced meta', () =>
      transfer(async (from, to, chunks, receiver) => {
        const last = chunks.at(-1)!;
        for (const chunk of chunks.slice(0, -1)) await receiver.add(chunk);
        await assert.rejects(
          receiver.add({ ...last, last: { digest: 'f'.repeat(64), records: large.length } }),
          hasCode('MALFORMED'),
        );
        await assert.rejects(receiver.finish(), hasCode('MALFORMED'));
        await receiver.abandon();

        const short = await to.receive('x', from.state.meta!);
        for (const chunk of chunks.slice(0, -1)) await short.add(chunk);
        const { digest } = last.last!;
        await assert.rejects(short.add({ ...last, last: { digest, records: 1 } }), hasCode('MALFORMED'));
        await short.abandon();

        const other = await to.receive('x', { ...from.state.meta!, revision: 1 });
        await assert.rejects(other.add(chunks[0]!), hasCode('MALFORMED'));
        await other.abandon();
      }));

    it('drops what a transfer that did not end left behind', () =>
      withCut(large, (from) =>
        twin.with(async (target) => {
          const to = await openFormed(target);
          const snapshot = from.state.openSnapshot();
          const receiver = await to.receive(snapshot.id, snapshot.meta);
          for await (const chunk of snapshot.chunks(0)) await receiver.add(chunk);
          const { folder } = await receiver.finish();
          await to.close();
          const again = await open(target);
          assert.equal(again.state.meta, null);
          const next = await again.receive(snapshot.id, snapshot.meta);
          await next.abandon();
          await snapshot.close();
          assert.equal(folder, 'state-1');
          await again.close();
        }),
      ));
  });
}
