import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeExitFile } from '../../lib/agent/holder/exit-file.js';
import { Journal, type JournalTask } from '../../lib/agent/holder/journal.js';
import type { Outcome } from '../../lib/agent/holder/port.js';
import { settleFormerTasks } from '../../lib/agent/holder/recovery.js';
import { thisPlatform } from '../../lib/agent/platform/index.js';
import { refOf, taskKey } from '../../lib/agent/types.js';
import { shellTask } from '../support/agent/master-double.js';
import { quiet } from '../support/quiet.js';
import { tempFolder } from '../support/temp-folder.js';

describe('what a new holder does with the tasks of a dead one', () => {
  const platform = thisPlatform();
  const ref = refOf(shellTask('t', ''));
  let folder: ReturnType<typeof tempFolder>;
  let child: ChildProcess;
  let started: { pid: number; startTime: string };

  beforeEach(async () => {
    folder = tempFolder();
    child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    await new Promise((resolve) => child.once('spawn', resolve));
    started = { pid: child.pid!, startTime: platform.startTime(child.pid!)! };
  });
  afterEach(() => {
    child.kill('SIGKILL');
    folder.remove();
  });

  const lives = (): boolean => platform.startTime(started.pid) !== undefined;

  async function settle(changes: Partial<JournalTask>): Promise<Outcome | undefined> {
    const journal = new Journal(path.join(folder.path, 'journal'));
    const task = { ref, run: 'run1', sandbox: folder.path, bootId: platform.bootId, ...changes };
    await new Promise<void>((resolve) => journal.write(task, () => resolve()));
    await settleFormerTasks(journal, platform, quiet, (ms) => pause(ms));
    await journal.close();
    const again = new Journal(path.join(folder.path, 'journal'));
    await again.close();
    return again.tasks.get(taskKey(ref))?.outcome;
  }

  it('kills what is left of them, and calls their end unknown', async () => {
    assert.deepEqual(await settle({ started }), { kind: 'lost', reason: 'holder-died' });
    assert.equal(lives(), false);
  });

  it('spares a process that has the pid of a task and another start time', async () => {
    const outcome = await settle({ started: { ...started, startTime: '12345' } });
    assert.deepEqual(outcome, { kind: 'lost', reason: 'holder-died' });
    assert.equal(lives(), true);
  });

  it('spares a process that has pid and start time of a task of an earlier boot', async () => {
    assert.deepEqual(await settle({ started, bootId: 'earlier' }), { kind: 'lost', reason: 'rebooted' });
    assert.equal(lives(), true);
  });

  it('does not know whether a task ran of which there is only the intent', async () => {
    assert.deepEqual(await settle({}), { kind: 'lost', reason: 'start-unknown' });
    assert.equal(lives(), true);
  });

  it('believes the exit that was recorded for this very run, also after a reboot', async () => {
    const recorded = { exit: { exitCode: 9, atMs: 1000 }, killed: false };
    await writeExitFile(folder.path, 'run1', recorded);
    assert.deepEqual(await settle({ bootId: 'earlier' }), { kind: 'exited', ...recorded });
    await writeExitFile(folder.path, 'run0', recorded);
    assert.deepEqual(await settle({ bootId: 'earlier' }), { kind: 'lost', reason: 'rebooted' });
  });

  it('leaves an outcome that is already known alone', async () => {
    const outcome: Outcome = { kind: 'cancelled' };
    assert.deepEqual(await settle({ started, outcome }), outcome);
    assert.equal(lives(), true);
  });
});
