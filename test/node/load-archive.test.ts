import assert from 'node:assert/strict';
import { TepuiError } from '../../lib/base/index.js';
import { loadArchive } from '../../lib/node/offline/load-archive.js';
import { DEFAULT_LIMITS, Machine } from '../../lib/state/index.js';
import type { StateRecord } from '../../lib/storage/index.js';
import { pinned, record, writeArchive } from '../support/archives.js';
import { tempFolder } from '../support/temp-folder.js';

/** A whole file, every checksum right, whose contents are not what the group had. */
async function refusal(records: readonly StateRecord[]): Promise<string> {
  const folder = tempFolder();
  try {
    await loadArchive(await writeArchive(folder.path, await pinned(records)));
    return 'fine';
  } catch (error) {
    assert(error instanceof TepuiError);
    return `${error.code} ${error.message.replace(folder.path, '')}`;
  } finally {
    folder.remove();
  }
}

/** The records of a machine that has just begun. */
function beginning(): readonly StateRecord[] {
  const cut = new Machine(DEFAULT_LIMITS).beginCut(1, 1);
  while (!cut.encodeSlice(100));
  return Array.from(cut.records);
}

describe('the trial load of a snapshot file', () => {
  it('finds a state that is not the one the group computed its digest of', async () => {
    assert.match(
      await refusal(beginning()),
      /^SNAPSHOT_DAMAGED .* has digest [0-9a-f]{16}, not 0123456789abcdef$/,
    );
  });

  it('finds a record that no machine wrote', async () => {
    const [first] = beginning();
    assert.match(await refusal([first!, record(6, '/x', '\u0001nonsense')]), /^SNAPSHOT_DAMAGED /);
  });

  it('refuses a table of a newer release by name', async () => {
    assert.match(await refusal([record(99, 'x', 'y')]), /^NEWER_FORMAT .*table 99/);
  });

  it('finds a file without a state', async () => {
    assert.match(await refusal([]), /^SNAPSHOT_DAMAGED .*no record in it/);
  });
});
