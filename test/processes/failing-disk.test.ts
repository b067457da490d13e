import assert from 'node:assert/strict';
import { LoneMaster } from '../support/lone-master.js';
import { tempFolder } from '../support/temp-folder.js';

const NODE_BYTES = 64 << 10;
/** In KiB, for every file: some ten seconds of work fill a log file to it. */
const FILE_LIMIT_KIB = 4000;

/**
 * A limit on the size of files makes a write fail in the middle of a record, as a full disk does, and needs no
 * root. (`npm run test:root` fills a disk.)
 */
describe('a master whose disk refuses a write', function () {
  this.timeout(120_000);
  const folder = tempFolder();
  let master: LoneMaster;
  afterEach(() => master.end());
  after(() => folder.remove());

  it('ends with exit code 6, and has lost nothing that it acknowledged', async () => {
    master = await LoneMaster.in(folder.path);
    await master.start();
    assert.equal(await master.create(NODE_BYTES), null);
    await master.end();

    await master.start(`trap '' XFSZ; ulimit -f ${FILE_LIMIT_KIB}`);
    let code: string | null = null;
    for (let i = 0; i < 1000 && code === null; i++) code = await master.create(NODE_BYTES);
    assert.notEqual(code, null, 'no write was refused');
    const { code: exitCode, stderr } = await master.whenEnded();
    assert.equal(exitCode, 6, stderr);
    assert.match(stderr, /\[STORAGE/);
    const { size } = master.promised;
    assert.ok(size >= 20, `${size} nodes were acknowledged`);

    await master.start();
    assert.deepEqual(await master.broken(), []);
    assert.equal(await master.create(NODE_BYTES), null);
  });
});
