import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Journal } from '../../lib/agent/holder/journal.js';
import type { Outcome, SpawnOrder } from '../../lib/agent/holder/port.js';
import type { SpawnEvents } from '../../lib/agent/holder/spawn.js';
import { Sweeper } from '../../lib/agent/holder/sweeper.js';
import { TaskHolder } from '../../lib/agent/holder/task-holder.js';
import { thisPlatform } from '../../lib/agent/platform/index.js';
import { refOf } from '../../lib/agent/types.js';
import { SeededRandom } from '../../lib/base/index.js';
import { shellTask } from '../support/agent/master-double.js';
import { eventually } from '../support/eventually.js';
import { quiet } from '../support/quiet.js';
import { tempFolder } from '../support/temp-folder.js';
import { VirtualTime } from '../support/virtual-time.js';

const LIMIT_MS = 5000;

describe('the holder’s tasks', () => {
  let folder: ReturnType<typeof tempFolder>;
  let journal: Journal;
  let time: VirtualTime;
  let holder: TaskHolder;
  let spawned: { order: SpawnOrder; events: SpawnEvents; journalled: boolean }[];
  let reports: string[];
  let outcomes: Outcome[];
  const ref = refOf(shellTask('t', ''));
  const order = (): SpawnOrder => ({ ...ref, sandbox: folder.path, file: 'x', argv: ['x'], env: { A: 'b' } });
  const journalFile = (): string => path.join(folder.path, 'journal');

  beforeEach(() => {
    folder = tempFolder();
    journal = new Journal(journalFile());
    time = new VirtualTime();
    spawned = [];
    reports = [];
    outcomes = [];
    // No real process is looked for or signalled: pids of this test are beyond what systems hand out.
    const platform = { ...thisPlatform(), membersOf: () => [], startTime: () => '1' };
    holder = new TaskHolder({
      journal,
      platform,
      sweeper: new Sweeper(platform, time, time, quiet),
      spawn: (made, events) => {
        const journalled = fs.readFileSync(journalFile(), 'utf8').includes(made.env['TEPUI_RUN_ID']!);
        spawned.push({ order: made, events, journalled });
      },
      clock: time,
      timers: time,
      random: new SeededRandom(1),
      logger: quiet,
      reports: {
        onStarted: (_, pid) => reports.push(`started ${pid}`),
        onEnded: (_, outcome) => {
          reports.push(`ended ${outcome.kind}`);
          outcomes.push(outcome);
        },
      },
    });
  });
  afterEach(async () => {
    await journal.close();
    folder.remove();
  });

  const PID = 2 ** 30;
  const start = async (): Promise<SpawnEvents> => {
    holder.run(order());
    const { events } = await eventually(() => spawned[0], LIMIT_MS);
    return events;
  };
  const ended = (): Promise<Outcome> =>
    eventually(() => {
      time.advance(10);
      return outcomes[0];
    }, LIMIT_MS);

  it('are started only when the intent is on the disk, and once however often they are ordered', async () => {
    holder.run(order());
    holder.run(order());
    assert.equal(spawned.length, 0);
    await eventually(() => spawned.length > 0, LIMIT_MS);
    holder.run(order());
    await turn();
    assert.equal(spawned.length, 1);
    assert.equal(spawned[0]!.journalled, true);
    assert.equal(spawned[0]!.order.env['A'], 'b');
  });

  it('are not started again after they ended, nor by a holder that finds their record', async () => {
    const events = await start();
    events.onStarted(PID);
    events.onExited(0, null);
    await ended();
    holder.run(order());
    await journal.close();
    journal = new Journal(journalFile());
    assert.equal(journal.tasks.size, 1);
    assert.equal(spawned.length, 1);
  });

  it('are not started at all when they are killed while their intent is being written', async () => {
    holder.run(order());
    holder.kill(ref, 1000);
    assert.equal((await ended()).kind, 'cancelled');
    assert.deepEqual(spawned, []);
  });

  it('are reported ended only when exit.json is there', async () => {
    const events = await start();
    events.onStarted(PID);
    events.onExited(null, 'SIGSEGV');
    assert.deepEqual(reports, [`started ${PID}`]);
    const outcome = await ended();
    assert.equal(outcome.kind === 'exited' && 'signal' in outcome.exit && outcome.exit.signal, 'SIGSEGV');
    assert.match(fs.readFileSync(path.join(folder.path, 'exit.json'), 'utf8'), /"SIGSEGV"/);
  });

  it('that end after a kill was asked for are marked so, whatever their exit', async () => {
    const events = await start();
    events.onStarted(PID);
    holder.kill(ref, 1000);
    events.onExited(0, null);
    const outcome = await ended();
    assert.equal(outcome.kind === 'exited' && outcome.killed, true);
  });

  it('that cannot be executed end with the system’s code', async () => {
    const events = await start();
    events.onFailed('ENOENT', 'no such file');
    assert.deepEqual(await ended(), { kind: 'not-started', code: 'ENOENT', message: 'no such file' });
    assert.deepEqual(reports, ['ended not-started']);
  });

  it('are reported with their exit even if the sandbox is gone', async () => {
    const events = await start();
    events.onStarted(PID);
    fs.renameSync(folder.path, `${folder.path}.away`);
    events.onExited(5, null);
    const outcome = await ended();
    fs.renameSync(`${folder.path}.away`, folder.path);
    assert.deepEqual(outcome.kind === 'exited' && { ...outcome.exit, atMs: 0 }, { exitCode: 5, atMs: 0 });
  });

  it('are forgotten when asked, but not while they live', async () => {
    const events = await start();
    holder.forget(ref);
    assert.equal(holder.tasks().length, 1);
    events.onStarted(PID);
    holder.forget(ref);
    assert.deepEqual(holder.tasks(), [{ ...ref, state: { kind: 'running', pid: PID } }]);
    events.onExited(0, null);
    await ended();
    holder.forget(ref);
    assert.deepEqual(holder.tasks(), []);
  });

  it('are no longer taken on once the holder is ending', async () => {
    holder.stopStarting();
    holder.run(order());
    assert.deepEqual(holder.tasks(), []);
    let empty = false;
    holder.empty(() => (empty = true));
    assert.equal(empty, true);
  });
});
