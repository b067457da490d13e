import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeId } from '../../lib/base/index.js';
import type { HardState } from '../../lib/raft/index.js';
import { FolderSource } from '../../lib/storage/index.js';
import { Witness } from '../../lib/storage/witness.js';
import { applyFlips } from '../../chaos/damage/bit-flips.js';
import { witnessRecord } from '../../chaos/damage/data-folder.js';
import { tempFolder } from '../support/temp-folder.js';

const INSTANCE = '8685d15441936135';

describe('a flipped bit in each record of the witness', () => {
  const folder = tempFolder();
  const file = path.join(folder.path, 'witness');
  const slots = () => new FolderSource(folder.path).attach(() => undefined).openSlots('witness');
  after(() => folder.remove());

  async function isTrusted(): Promise<boolean> {
    const opened = await slots();
    const witness = Witness.open(opened, INSTANCE);
    await opened.close();
    return witness !== null;
  }

  const voters: readonly [string, HardState][] = [
    // The shortest record there is.
    ['a member that never voted', { term: 0, vote: null }],
    ['a member that voted', { term: 87, vote: 'm2@6a094fc24710a1fb' as NodeId }],
  ];
  for (const [who, hard] of voters) {
    it(`loses the votes of ${who}, wherever the bit is`, async () => {
      const record = { instance: INSTANCE, hard, promised: { term: 0, index: 0 }, recovering: false };
      const witness = await Witness.create(await slots(), record);
      await witness.close();
      const whole = readFileSync(file);
      assert.equal(await isTrusted(), true);
      const [first, second] = [witnessRecord(folder.path, 0), witnessRecord(folder.path, 1)];
      for (let at = 0; at < second.to - second.from; at++) {
        const offsets = [Math.min(first.from + at, first.to - 1), second.from + at];
        applyFlips(offsets.map((offset) => ({ file, offset, bit: at % 8 })));
        assert.equal(await isTrusted(), false, `byte ${at}`);
        writeFileSync(file, whole);
      }
    });
  }
});
