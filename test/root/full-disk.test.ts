import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CREATE_FLAGS, OP, ZK_ERROR, type Request } from '../../lib/wire/zookeeper/index.js';
import type { RawSession } from '../support/raw-session.js';
import { eventually } from '../support/eventually.js';
import { LoneMaster } from '../support/lone-master.js';
import { logTail } from '../support/tepui-process.js';
import { tempFolder } from '../support/temp-folder.js';
import { ask, create, keepAlive, openSession, statOf, tryAsk } from '../support/zookeeper-client.js';

// Run by `npm run test:root` in a mount namespace of its own: the small disk is seen by nobody else, and is gone
// with the last process that sees it.

const MIB = 1 << 20;
const DISK_MIB = 640;
const NODE_BYTES = 64 << 10;
/** Space is measured every 5 s, and told to the group soon after. */
const SOON_MS = 30_000;
const SESSION_MS = 40_000;
const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];

describe('a master on a disk that runs full', function () {
  this.timeout(240_000);
  const folder = tempFolder();
  const disk = path.join(folder.path, 'disk');
  const filler = path.join(disk, 'filler');
  let master: LoneMaster;
  let client: RawSession;

  before(async () => {
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk]);
    master = await LoneMaster.in(disk);
    await master.start();
    for (let i = 0; i < 30; i++) assert.equal(await master.create(NODE_BYTES), null);
    client = await openSession(master.door, SESSION_MS);
    await create(client, '/mine', CREATE_FLAGS.ephemeral);
    keepAlive(client, SESSION_MS / 10);
  });

  after(async () => {
    client.destroy();
    await master.end();
    execFileSync('umount', ['--lazy', disk]);
    folder.remove();
  });

  async function codeOf(request: Request): Promise<number> {
    return (await tryAsk(client, request)).err;
  }

  function freeBytes(): number {
    const { bavail, bsize } = statfsSync(disk);
    return bavail * bsize;
  }

  /** Writes beside the data folder until `leaveBytes` are free. */
  function fill(leaveBytes: number): void {
    const block = Buffer.alloc(MIB, 7);
    for (let excess = freeBytes() - leaveBytes; excess > 0; excess = freeBytes() - leaveBytes) {
      try {
        writeFileSync(filler, block.subarray(0, Math.min(MIB, excess)), { flag: 'a' });
      } catch (error) {
        // The master took the rest.
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      }
    }
  }

  const growthIs = (wanted: string | null): Promise<boolean> =>
    eventually(async () => (await master.create(1024)) === wanted, SOON_MS, `growth is answered ${wanted}`);

  async function servesReadsAndDeletes(): Promise<void> {
    assert.deepEqual(await master.broken(), []);
    const name = [...master.promised.keys()][0]!;
    assert.equal(await master.delete(name), null, logTail(master.dataDir, 40));
  }

  it('keeps a reserve while there is room', () => {
    assert.ok(existsSync(path.join(master.dataDir, 'reserve')));
  });

  it('refuses growth when little is free, and serves reads and deletes', async () => {
    fill(100 * MIB);
    await growthIs('GROWTH_REFUSED');
    await servesReadsAndDeletes();
  });

  it('tells ZooKeeper clients so with -1 (SystemError), takes what does not grow, and lets them in and out', async () => {
    const [first, second] = [...master.promised.keys()] as [string, string];
    assert.equal(
      await codeOf({ op: OP.create, path: '/more', data: null, acl: OPEN, flags: 0, ttlMs: 0 }),
      ZK_ERROR.systemError,
    );
    assert.equal(
      await codeOf({ op: OP.setData, path: first, data: Buffer.alloc(2 * NODE_BYTES), version: -1 }),
      ZK_ERROR.systemError,
    );
    assert.equal(await codeOf({ op: OP.getData, path: first, watch: false }), ZK_ERROR.ok);
    assert.equal(await codeOf({ op: OP.setData, path: second, data: null, version: -1 }), ZK_ERROR.ok);
    assert.equal(await codeOf({ op: OP.delete, path: second, version: -1 }), ZK_ERROR.ok);
    master.promised.delete(second);
    assert.equal(client.closed, false);
    const another = await openSession(master.door, SESSION_MS);
    await ask(another, { op: OP.closeSession });
  });

  it('ends with exit code 6 when nothing is free and a write fails', async () => {
    fill(0);
    // Deletes are small: many fit into what is left of the last page of the log.
    const names = [...master.promised.keys()];
    while (!master.process!.hasEnded && names.length > 5) {
      await master.delete(names.pop()!);
      assert.notEqual(await master.create(1024), null);
    }
    const { code, stderr } = await master.whenEnded();
    assert.equal(code, 6, stderr);
  });

  it('starts on the full disk by giving up its reserve, has lost nothing, and serves reads and deletes', async () => {
    assert.ok(freeBytes() < MIB, `${freeBytes()} bytes are free`);
    await master.start();
    assert.equal(existsSync(path.join(master.dataDir, 'reserve')), false);
    await servesReadsAndDeletes();
    await growthIs('GROWTH_REFUSED');
    // Its session outlived the process, and the node with it.
    const before = client;
    client = await openSession(master.door, SESSION_MS, before);
    assert.equal(client.key.id, before.key.id);
    assert.equal((await statOf(client, '/mine'))?.ephemeralOwner, before.key.id);
  });

  it('takes growth again when there is space, and has its reserve back', async () => {
    rmSync(filler);
    await growthIs(null);
    assert.ok(existsSync(path.join(master.dataDir, 'reserve')));
    assert.deepEqual(await master.broken(), []);
  });
});
