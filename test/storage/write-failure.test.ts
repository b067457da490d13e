import assert from 'node:assert/strict';
import { TepuiError } from '../../lib/base/index.js';
import { MemoryDisk, type DataFolder } from '../../lib/storage/index.js';
import {
  N1,
  NOBODY,
  appendTerm,
  contentsOf,
  group,
  logOf,
  open,
  openFormed,
  persist,
  settle,
} from './helpers.js';

const isStorage = (e: unknown): boolean => e instanceof TepuiError && e.code === 'STORAGE';

describe('the first failed write', () => {
  const failing = async (
    action: Parameters<MemoryDisk['failNext']>[0],
    kind: 'write' | 'sync',
    use: (folder: DataFolder) => Promise<void>,
  ): Promise<{ disk: MemoryDisk; failures: Error[] }> => {
    const failures: Error[] = [];
    const disk = new MemoryDisk();
    const folder = await openFormed(disk, { onFailure: (error) => failures.push(error) });
    await appendTerm(logOf(folder), 1, 3);
    await settle();
    disk.failNext(action, kind);
    await use(folder);
    assert.equal(failures.length, 1);
    await assert.rejects(appendTerm(logOf(folder), 1, 1), isStorage);
    await assert.rejects(logOf(folder).compact({ index: 2, term: 1, configuration: group }), isStorage);
    await assert.rejects(folder.state.load(100)[Symbol.asyncIterator]().next(), isStorage);
    assert.throws(() => folder.state.openSnapshot(), isStorage);
    disk.powerCut();
    return { disk, failures };
  };

  it('of the log ends everything, and memory stays at what is durable', async () => {
    const { disk } = await failing('kv raft', 'write', async (folder) => {
      await assert.rejects(appendTerm(logOf(folder), 1, 2), isStorage);
      assert.equal(logOf(folder).lastIndex(), 3);
    });
    assert.equal(contentsOf(logOf(await open(disk))).length, 3);
  });

  it('of the log by its sync ends everything too, although the data may be there afterwards', async () => {
    const { disk } = await failing('kv raft', 'sync', (folder) =>
      assert.rejects(appendTerm(logOf(folder), 1, 2), isStorage),
    );
    const log = logOf(await open(disk));
    assert.deepEqual([log.health.kind, contentsOf(log).length], ['intact', 5]);
  });

  it('of a vote to the witness means that the vote was not given', async () => {
    await failing('slots witness', 'write', (folder) =>
      assert.rejects(
        logOf(folder).append(persist({ hardState: { term: 2, vote: N1 } }), NOBODY, null),
        isStorage,
      ),
    );
  });

  it('that nobody waits for is told to the owner at once', async () => {
    const { failures } = await failing('slots witness', 'write', async (folder) => {
      await appendTerm(logOf(folder), 1, 1);
      await settle();
    });
    assert.match(failures[0]!.message, /slots witness/);
  });

  it('of a cut ends the log as well', async () => {
    const { disk } = await failing('kv state', 'write', async (folder) => {
      const chain = logOf(folder).chainAt(2)!;
      const meta = { index: 2, term: 1, revision: 0, configuration: group, digest: '00', chain };
      await assert.rejects(folder.state.writeCut(meta, [], []), isStorage);
    });
    assert.equal((await open(disk)).state.meta, null);
  });
});
