import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TepuiError, type MemberId } from '../../lib/base/index.js';
import { BackupFolder } from '../../lib/node/backups/folder.js';
import { BackupSchedule, type BackupStore, type KeptBackup } from '../../lib/node/backups/schedule.js';
import { loadArchive } from '../../lib/node/offline/load-archive.js';
import { archiveBytes } from '../../lib/storage/archive/index.js';
import { ORIGIN, pinned, record } from '../support/archives.js';
import { quiet } from '../support/quiet.js';
import { tempFolder } from '../support/temp-folder.js';
import { VirtualTime } from '../support/virtual-time.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Backups that are only numbers. */
class MemoryStore implements BackupStore {
  readonly kept: KeptBackup[] = [];
  taken = 0;
  failing: string | null = null;
  private readonly time: VirtualTime;

  constructor(time: VirtualTime) {
    this.time = time;
  }

  list(): Promise<readonly KeptBackup[]> {
    return Promise.resolve(this.kept.toSorted((a, b) => a.atMs - b.atMs));
  }

  take(): Promise<KeptBackup> {
    this.taken++;
    if (this.failing !== null) return Promise.reject(new TepuiError('STORAGE', this.failing));
    const backup = { file: `b${this.taken}`, atMs: this.time.wallMs() };
    this.kept.push(backup);
    return Promise.resolve(backup);
  }

  remove({ file }: KeptBackup): Promise<void> {
    this.kept.splice(
      this.kept.findIndex((one) => one.file === file),
      1,
    );
    return Promise.resolve();
  }
}

describe('scheduled backups', () => {
  let time: VirtualTime;
  let store: MemoryStore;
  let leads: boolean;
  let schedule: BackupSchedule;

  function make(keep: number): BackupSchedule {
    return new BackupSchedule({
      everyMs: HOUR,
      keep,
      mayRun: () => leads,
      store,
      clock: time,
      timers: time,
      logger: quiet,
    });
  }

  beforeEach(() => {
    time = new VirtualTime();
    store = new MemoryStore(time);
    leads = true;
    schedule = make(3);
    schedule.start();
  });

  afterEach(() => {
    schedule.stop();
    assert.equal(time.timerCount, 0, 'a stopped schedule leaves no timer');
  });

  /** Time goes by in small steps, so that what was asked for at each look is done before the next. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10_000) {
      time.advance(Math.min(left, 10_000));
      for (let i = 0; i < 5; i++) await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('takes the first one soon, then one per interval', async () => {
    await pass(MINUTE);
    assert.equal(store.taken, 1);
    await pass(HOUR - 2 * MINUTE);
    assert.equal(store.taken, 1);
    await pass(2 * MINUTE);
    assert.equal(store.taken, 2);
  });

  it('keeps the newest ones and deletes the others, after a new one is good', async () => {
    await pass(5 * HOUR + MINUTE);
    assert.deepEqual(
      store.kept.map(({ file }) => file),
      ['b4', 'b5', 'b6'],
    );
    store.failing = 'no space';
    await pass(3 * HOUR);
    assert.equal(store.kept.length, 3, 'failures delete nothing');
  });

  it('a restart takes none before the newest one is old enough', async () => {
    await pass(MINUTE);
    schedule.stop();
    schedule = make(3);
    schedule.start();
    await pass(30 * MINUTE);
    assert.equal(store.taken, 1);
  });

  it('takes none while it is not its turn, and goes on when it is', async () => {
    leads = false;
    await pass(3 * HOUR);
    assert.equal(store.taken, 0);
    leads = true;
    await pass(MINUTE);
    assert.equal(store.taken, 1);
  });

  it('warns while they fail, tries again ever later, and forgets it after a good one', async () => {
    store.failing = 'disk full';
    await pass(MINUTE);
    assert.match(schedule.warnings()[0]!, /^the scheduled backup failed, at \d{4}-.*: disk full$/);
    await pass(2 * HOUR);
    const attempts = store.taken;
    assert(attempts >= 5 && attempts <= 9, `${attempts} attempts in two hours`);
    assert.match(schedule.warnings()[0]!, new RegExp(`^the last ${attempts} scheduled backups failed`));
    store.failing = null;
    await pass(HOUR + MINUTE);
    assert.deepEqual(schedule.warnings(), []);
  });

  it('a clock that was set back a day neither ends them nor makes one at every look', async () => {
    store.kept.push({ file: 'future', atMs: time.wallMs() + 24 * HOUR });
    await pass(MINUTE);
    assert.equal(store.taken, 1);
    await pass(HOUR - 2 * MINUTE);
    assert.equal(store.taken, 1);
    await pass(2 * MINUTE);
    assert.equal(store.taken, 2);
  });

  it('counts what another leader took into the same folder', async () => {
    await pass(HOUR - MINUTE);
    store.kept.push({ file: 'of another', atMs: time.wallMs() });
    await pass(HOUR - 2 * MINUTE);
    assert.equal(store.taken, 1);
  });
});

describe('the folder of scheduled backups', () => {
  let folder: ReturnType<typeof tempFolder>;

  beforeEach(() => {
    folder = tempFolder();
  });

  afterEach(() => folder.remove());

  function backups(
    of: 'cluster' | 'member',
    verify: (file: string) => Promise<void>,
    memberId = 'm1',
  ): BackupFolder {
    return new BackupFolder({
      dir: path.join(folder.path, 'backups'),
      of,
      clusterId: () => 'c1',
      memberId,
      source: {
        begin: async () => {
          const snapshot = await pinned([record(1, 'a', 'b')]);
          const origin = { ...ORIGIN, member: memberId as MemberId };
          return {
            header: { ...origin, index: 7 } as never,
            bytes: () => archiveBytes(origin, snapshot),
            close: () => snapshot.close(),
          };
        },
      },
      verify,
    });
  }

  it('names a file by cluster, member, time and entry, and finds it again', async () => {
    const store = backups('cluster', () => Promise.resolve());
    const kept = await store.take();
    assert.equal(path.basename(kept.file), 'tepui-c1-m1-20231114T221320Z-7.snapshot');
    assert.deepEqual(await store.list(), [{ file: kept.file, atMs: 1_700_000_000_000 }]);
  });

  it('keeps nothing that its trial load refuses', async () => {
    const store = backups('cluster', async (file) => {
      await loadArchive(file);
    });
    await assert.rejects(store.take(), /SNAPSHOT_DAMAGED|is no state|record/);
    assert.deepEqual(readdirSync(path.join(folder.path, 'backups')), []);
  });

  it('counts files of all members or of one, and leaves other files alone', async () => {
    const good = (): Promise<void> => Promise.resolve();
    const dir = path.join(folder.path, 'backups');
    await backups('member', good, 'm2').take();
    assert.equal((await backups('cluster', good).list()).length, 1);
    const own = backups('member', good);
    assert.equal((await own.list()).length, 0);
    writeFileSync(path.join(dir, 'notes.txt'), 'x');
    writeFileSync(path.join(dir, 'tepui-other-m1-20231114T221320Z-7.snapshot'), 'x');
    assert.equal((await own.list()).length, 0);
    writeFileSync(path.join(dir, 'tepui-c1-m1-20231114T221320Z-9.snapshot.partial'), 'x');
    await own.tidy();
    assert.equal(existsSync(path.join(dir, 'tepui-c1-m1-20231114T221320Z-9.snapshot.partial')), false);
    assert.equal(existsSync(path.join(dir, 'notes.txt')), true);
  });
});
