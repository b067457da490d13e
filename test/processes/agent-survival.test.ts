import assert from 'node:assert/strict';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StatusUpdate, TaskRef, TaskToRun } from '../../lib/agent/types.js';
import { AgentRig } from '../support/agent/agent-process.js';
import { shellTask } from '../support/agent/master-double.js';
import { isRunning } from '../support/agent/processes.js';
import { eventually } from '../support/eventually.js';

const DYING_HOLDER = fileURLToPath(new URL('../support/agent/dying-holder.js', import.meta.url));

/** Runs until somebody writes its exit code to `end`, or the signal to die of. */
const WAITING =
  'echo $$ > pid; touch ready; while [ ! -s end ]; do sleep 0.02; done; ' +
  'read how what < end; [ $how = exit ] && exit $what; kill -$what $$';

describe('an agent that dies', () => {
  let rig: AgentRig;
  afterEach(() => rig.close());

  async function ready(id: string): Promise<number> {
    await eventually(() => fs.existsSync(rig.sandbox(id, 'ready')), 15_000, `${id} is ready: ${rig.log()}`);
    return Number(rig.read(id, 'pid'));
  }

  function tell(id: string, what: string): void {
    fs.writeFileSync(rig.sandbox(id, 'end.new'), what);
    fs.renameSync(rig.sandbox(id, 'end.new'), rig.sandbox(id, 'end'));
  }

  function ended(ref: TaskRef): Promise<StatusUpdate> {
    return eventually(
      () => {
        const last = rig.master.lastOf(ref);
        return last !== undefined && last.state !== 'RUNNING' && last;
      },
      15_000,
      `end of ${ref.taskId}`,
    );
  }

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`by ${signal} leaves its tasks running with the same pid, and reports what happened meanwhile`, async () => {
      rig = new AgentRig();
      await rig.start();
      const ids = ['code', 'signal', 'stays'];
      const tasks = ids.map((id) => shellTask(id, WAITING));
      for (const task of tasks) rig.master.launch(task);
      const pids = await Promise.all(ids.map((id) => ready(id)));
      const [code, signalled, stays] = tasks as [TaskToRun, TaskToRun, TaskToRun];
      await eventually(() => tasks.every((task) => rig.master.statesOf(task).length === 1), 15_000);

      assert.equal(await rig.signal(signal), signal === 'SIGTERM' ? 0 : null);
      assert.deepEqual(pids.map(isRunning), [true, true, true]);
      tell('code', 'exit 42');
      tell('signal', 'by USR1');
      for (const id of ['code', 'signal']) {
        await eventually(
          () => fs.existsSync(rig.sandbox(id, 'exit.json')),
          15_000,
          'recorded without an agent',
        );
      }
      await rig.start();

      assert.deepEqual({ ...(await ended(code)).exit, atMs: 0 }, { exitCode: 42, atMs: 0 });
      assert.deepEqual({ ...(await ended(signalled)).exit, atMs: 0 }, { signal: 'SIGUSR1', atMs: 0 });
      assert.deepEqual(rig.master.statesOf(code), ['RUNNING', 'FAILED']);
      assert.deepEqual(rig.master.statesOf(stays), ['RUNNING']);
      assert.equal(isRunning(pids[2]!), true);
      tell('stays', 'exit 0');
      assert.equal((await ended(stays)).state, 'FINISHED');
    });
  }

  it('keeps its id, and reports every task with the number of its last update', async () => {
    rig = new AgentRig();
    await rig.start();
    const task = shellTask('t', WAITING);
    rig.master.launch(task);
    await ready('t');
    await eventually(() => rig.master.statesOf(task).length === 1, 15_000);
    await rig.signal('SIGKILL');
    await rig.start();
    const [first, second] = rig.master.connections.map(({ registration }) => registration);
    assert.equal(first!.agentId, null);
    assert.equal(second!.agentId, 'A1');
    assert.notEqual(second!.incarnation, first!.incarnation);
    assert.ok(second!.knownRevision > first!.knownRevision);
    assert.deepEqual(second!.tasks, [
      { frameworkId: task.frameworkId, taskId: task.taskId, lastSequence: 1, terminal: false },
    ]);
  });

  it('sends again the updates that were not committed, with the same numbers and uuids', async () => {
    rig = new AgentRig();
    rig.master.commits = false;
    await rig.start();
    const task = shellTask('t', 'exit 5');
    rig.master.launch(task);
    await eventually(() => fs.existsSync(rig.sandbox('t', 'exit.json')), 15_000);
    await eventually(() => rig.master.received.length > 0, 15_000);
    const first = rig.master.received[0]!;
    await rig.signal('SIGKILL');
    rig.master.received.length = 0;
    rig.master.commits = true;
    await rig.start();
    await ended(task);
    assert.equal(rig.master.received[0]!.uuid, first.uuid);
    assert.deepEqual(
      rig.master.updatesOf(task).map(({ sequence }) => sequence),
      [1, 2],
    );
  });

  it('finds its folder taken while another agent lives there, and changes nothing', async () => {
    rig = new AgentRig();
    await rig.start();
    const first = rig.agent!;
    const second = rig.launch();
    const code = await new Promise((resolve) => second.once('exit', resolve));
    assert.equal(code, 2);
    assert.match(rig.log(), /FOLDER_IN_USE.*held by process/);
    assert.equal(isRunning(first.pid!), true);
    rig.agent = first;
  });

  it('works in a folder whose path is longer than a socket address', async () => {
    rig = new AgentRig({ subfolder: `${'deep/'.repeat(30)}a1` });
    await rig.start();
    const task = shellTask('t', 'true');
    rig.master.launch(task);
    assert.equal((await ended(task)).state, 'FINISHED');
  });
});

describe('a holder that dies', () => {
  let rig: AgentRig;
  afterEach(() => rig.close());

  function ended(ref: TaskRef): Promise<StatusUpdate> {
    return eventually(
      () => {
        const last = rig.master.lastOf(ref);
        return last !== undefined && last.state !== 'RUNNING' && last;
      },
      15_000,
      `end of ${ref.taskId}: ${rig.log()}`,
    );
  }

  /** The command has done its first steps, and the holder has recorded its start: from here on it surely ran. */
  async function begun(task: TaskRef): Promise<void> {
    await eventually(() => fs.existsSync(rig.sandbox(task.taskId, 'ready')), 15_000);
    await eventually(() => rig.master.statesOf(task).includes('RUNNING'), 15_000);
  }

  it('takes its tasks with it: FAILED with that reason and no code, and no process left', async () => {
    rig = new AgentRig();
    await rig.start();
    const task = shellTask(
      't',
      'sleep 1000 & echo $! > child; setsid sleep 1000 & echo $! > daemon; touch ready; wait',
    );
    rig.master.launch(task);
    await begun(task);
    const pids = ['child', 'daemon'].map((file) => Number(rig.read('t', file)));
    const before = rig.holderPid();
    process.kill(before, 'SIGKILL');

    const last = await ended(task);
    assert.equal(last.state, 'FAILED');
    assert.equal(last.reason, 'EXECUTOR_TERMINATED');
    assert.equal(last.exit, undefined);
    assert.match(last.message, /held the task died/);
    assert.deepEqual(pids.map(isRunning), [false, false]);
    assert.equal(fs.existsSync(rig.sandbox('t', 'exit.json')), false);
    assert.notEqual(rig.holderPid(), before);

    const next = shellTask('next', 'exit 0');
    rig.master.launch(next);
    assert.equal((await ended(next)).state, 'FINISHED');
  });

  it('by SIGTERM ends its tasks in order, with their real exits, before the next one takes over', async () => {
    rig = new AgentRig();
    await rig.start();
    const task = shellTask('t', "trap 'exit 7' TERM; touch ready; while :; do sleep 0.02; done");
    rig.master.launch(task);
    await begun(task);
    const before = rig.holderPid();
    process.kill(before, 'SIGTERM');
    const last = await ended(task);
    assert.equal(last.state, 'KILLED');
    assert.deepEqual({ ...last.exit, atMs: 0 }, { exitCode: 7, atMs: 0 });
    const next = shellTask('next', 'exit 0');
    rig.master.launch(next);
    assert.equal((await ended(next)).state, 'FINISHED');
    assert.notEqual(rig.holderPid(), before);
  });

  it('while no agent runs is noticed by the next agent', async () => {
    rig = new AgentRig();
    await rig.start();
    const task = shellTask('t', 'echo $$ > pid; touch ready; exec sleep 1000');
    rig.master.launch(task);
    await begun(task);
    await rig.signal('SIGKILL');
    process.kill(rig.holderPid(), 'SIGKILL');
    await rig.start();
    assert.equal((await ended(task)).reason, 'EXECUTOR_TERMINATED');
    assert.equal(isRunning(Number(rig.read('t', 'pid'))), false);
  });

  it('between intent and start leaves a task that FAILED and is never started again', async () => {
    rig = new AgentRig({ holderMain: DYING_HOLDER });
    await rig.start();
    const task = shellTask('dies-before-spawn', 'echo ran >> count');
    rig.master.launch(task);
    const last = await ended(task);
    assert.equal(last.state, 'FAILED');
    assert.match(last.message, /unknown whether it ran/);
    rig.master.launch(task);
    const next = shellTask('next', 'true');
    rig.master.launch(next);
    await ended(next);
    assert.equal(fs.existsSync(rig.sandbox('dies-before-spawn', 'count')), false);
    // Launched again after its end was committed and forgotten, it is answered again, and with nothing else.
    assert.deepEqual(new Set(rig.master.statesOf(task)), new Set(['FAILED']));
  });

  it('between start and record leaves no process of the task behind, and no second start', async () => {
    if (process.platform !== 'linux') return;
    rig = new AgentRig({ holderMain: DYING_HOLDER });
    await rig.start();
    const line = 'echo ran >> count; echo $$ > pid; touch ready; exec sleep 1000';
    const task = shellTask('dies-after-spawn', line);
    rig.master.launch(task);
    const last = await ended(task);
    assert.equal(last.state, 'FAILED');
    assert.equal(isRunning(Number(rig.read('dies-after-spawn', 'pid'))), false);
    assert.equal(rig.read('dies-after-spawn', 'count'), 'ran\n');
  });
});
