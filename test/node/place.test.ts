import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { completeExchange, exchange } from '../../lib/node/offline/place.js';
import { tempFolder } from '../support/temp-folder.js';

const ITEMS = ['identity.json', 'witness', 'raft', 'state'] as const;

/** A folder with old data, and new data that was built beside it. */
function prepare(folder: string): void {
  mkdirSync(path.join(folder, 'building-X'));
  for (const name of ITEMS) {
    writeFileSync(path.join(folder, name), `old ${name}`);
    writeFileSync(path.join(folder, 'building-X', name), `new ${name}`);
  }
  writeFileSync(path.join(folder, 'log.jsonl'), 'log');
}

function checkDone(folder: string): void {
  for (const name of ITEMS) {
    assert.equal(readFileSync(path.join(folder, name), 'utf8'), `new ${name}`);
    assert.equal(readFileSync(path.join(folder, 'before-X', name), 'utf8'), `old ${name}`);
  }
  assert.deepEqual(readdirSync(folder).sort(), ['before-X', 'log.jsonl', ...ITEMS].sort());
}

/** The renames of an exchange, in its order. */
const STEPS: readonly (readonly [from: string, to: string])[] = [
  ...['identity.json', 'raft', 'state', 'witness'].map((name) => [name, `before-X/${name}`] as const),
  ['building-X', 'placing-X'],
  ...['witness', 'state', 'raft', 'identity.json'].map((name) => [`placing-X/${name}`, name] as const),
];

describe('exchanging the data of a folder', () => {
  let folder: ReturnType<typeof tempFolder>;

  beforeEach(() => {
    folder = tempFolder();
    prepare(folder.path);
  });

  afterEach(() => folder.remove());

  it('sets the old data aside whole and leaves other files where they are', async () => {
    await exchange(folder.path, 'X');
    checkDone(folder.path);
  });

  for (let done = 1; done <= STEPS.length; done++) {
    it(`is completed by the next command when it was cut short after step ${done}`, async () => {
      mkdirSync(path.join(folder.path, 'before-X'));
      for (const [from, to] of STEPS.slice(0, done)) {
        const isMixture = existsSync(path.join(folder.path, 'identity.json'));
        assert.equal(isMixture && from !== 'identity.json', false, 'no identity stands beside a mixture');
        renameSync(path.join(folder.path, from), path.join(folder.path, to));
      }
      assert.equal(await completeExchange(folder.path), true);
      checkDone(folder.path);
      assert.equal(await completeExchange(folder.path), false);
    });
  }

  it('what was built and never came to its exchange is left alone', async () => {
    assert.equal(await completeExchange(folder.path), false);
    assert.equal(readFileSync(path.join(folder.path, 'identity.json'), 'utf8'), 'old identity.json');
  });
});
