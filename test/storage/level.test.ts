import assert from 'node:assert/strict';
import { Level } from 'level';
import { utf8Encode } from '../../lib/base/index.js';
import { FolderSource } from '../../lib/storage/index.js';
import { withFolder } from './helpers.js';

interface Batch {
  write(options: object): Promise<void>;
}

describe('LevelDB behind the port', () => {
  it('is told to sync every batch: unsynced ones would be lost with a full log file (LevelDB 1.20)', () =>
    withFolder(async (path) => {
      const probe = new Level(`${path}/probe`);
      await probe.open();
      const prototype = batchPrototype(probe.batch());
      const original: unknown = Reflect.get(prototype, 'write');
      const seen: object[] = [];
      prototype.write = function (this: Batch, options: object): Promise<void> {
        seen.push(options);
        return Reflect.apply(original as (o: object) => Promise<void>, this, [options]);
      };
      try {
        const kv = await new FolderSource(path)
          .attach(() => undefined)
          .openKv('db', { writeBufferBytes: 1 << 20 });
        await kv.write([{ type: 'put', key: utf8Encode('a'), value: utf8Encode('b') }]);
        await kv.write([{ type: 'delete', key: utf8Encode('a') }]);
        await kv.close();
      } finally {
        prototype.write = original as Batch['write'];
        await probe.close();
      }
      assert.deepEqual(seen, [{ sync: true }, { sync: true }]);
    }));
});

/** The object in the prototype chain that has `write` itself. */
function batchPrototype(batch: object): Batch {
  let at: object | null = batch;
  while (at !== null && !Object.hasOwn(at, 'write')) at = Object.getPrototypeOf(at) as object | null;
  assert.ok(at !== null, 'a batch can be written');
  return at as Batch;
}
