import assert from 'node:assert/strict';
import fs from 'node:fs';
import { AgentRig } from '../support/agent/agent-process.js';
import { shellTask } from '../support/agent/master-double.js';
import { isRunning } from '../support/agent/processes.js';
import { eventually } from '../support/eventually.js';
import type { CommandToRun, StatusUpdate, TaskToRun } from '../../lib/agent/types.js';

const TERMINAL = new Set(['FINISHED', 'FAILED', 'KILLED', 'ERROR']);

function linkTarget(link: string): string {
  try {
    return fs.readlinkSync(link);
  } catch {
    return '';
  }
}

describe('tasks as processes', () => {
  let rig: AgentRig;
  beforeEach(async () => {
    rig = new AgentRig({ env: { SECRET_OF_THE_AGENT: 'x', HOME: '/home/of/agent', LANG: 'C.UTF-8' } });
    await rig.start();
  });
  afterEach(() => rig.close());

  function end(task: TaskToRun): Promise<StatusUpdate> {
    return eventually(
      () => {
        const last = rig.master.lastOf(task);
        return last !== undefined && TERMINAL.has(last.state) && last;
      },
      15_000,
      `end of ${task.taskId}`,
    );
  }

  async function run(task: TaskToRun): Promise<StatusUpdate> {
    rig.master.launch(task);
    return end(task);
  }

  /** Launches a task and waits until its command says so. */
  async function runUntilReady(task: TaskToRun): Promise<void> {
    rig.master.launch(task);
    await eventually(
      () => fs.existsSync(rig.sandbox(task.taskId, 'ready')),
      15_000,
      `${task.taskId} is ready`,
    );
  }

  function pidIn(task: string, file: string): Promise<number> {
    return eventually(() => Number(rig.read(task, file)), 15_000, `${file} of ${task}`);
  }

  it('a task that exits 0 is RUNNING, then FINISHED; its sandbox keeps output and exit.json', async () => {
    const task = shellTask('hello', 'echo out; echo err >&2');
    const last = await run(task);
    assert.deepEqual(rig.master.statesOf(task), ['RUNNING', 'FINISHED']);
    assert.equal((last.exit as { exitCode: number }).exitCode, 0);
    assert.equal(rig.read('hello', 'stdout'), 'out\n');
    assert.equal(rig.read('hello', 'stderr'), 'err\n');
    const recorded = JSON.parse(rig.read('hello', 'exit.json')) as { exitCode: number; time: string };
    assert.equal(recorded.exitCode, 0);
    assert.ok(Math.abs(Date.parse(recorded.time) - Date.now()) < 10_000);
  });

  it('exit code 137 and death by SIGKILL are reported as what they are', async () => {
    const code = await run(shellTask('code', 'exit 137'));
    const signal = await run(shellTask('signal', 'kill -9 $$'));
    assert.equal(code.state, 'FAILED');
    assert.equal(signal.state, 'FAILED');
    assert.deepEqual({ ...code.exit, atMs: 0 }, { exitCode: 137, atMs: 0 });
    assert.deepEqual({ ...signal.exit, atMs: 0 }, { signal: 'SIGKILL', atMs: 0 });
    assert.equal(code.reason, 'COMMAND_EXECUTOR_FAILED');
    assert.match(code.message, /status 137/);
    assert.match(signal.message, /SIGKILL/);
    assert.equal((JSON.parse(rig.read('signal', 'exit.json')) as { signal: string }).signal, 'SIGKILL');
  });

  it('a task sees its declared variables, PATH, HOME, LANG and its ids, and nothing of the agent', async () => {
    const environment = { COLOUR: 'blue', TEPUI_TASK_ID: 'forged' };
    const command = { shell: false, value: 'env', arguments: [], environment };
    await run(shellTask('env', '', { command }));
    const variables = new Map(
      rig
        .read('env', 'stdout')
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
    );
    assert.match(variables.get('TEPUI_RUN_ID') ?? '', /^[0-9a-f]{32}$/);
    variables.delete('TEPUI_RUN_ID');
    assert.deepEqual(Object.fromEntries(variables), {
      PATH: process.env['PATH'],
      HOME: '/home/of/agent',
      LANG: 'C.UTF-8',
      COLOUR: 'blue',
      MESOS_AGENT_ID: 'A1',
      MESOS_FRAMEWORK_ID: 'F1',
      MESOS_SANDBOX: rig.sandbox('env').replace(/\/$/, ''),
      MESOS_TASK_ID: 'env',
      TEPUI_AGENT_ID: 'A1',
      TEPUI_FRAMEWORK_ID: 'F1',
      TEPUI_TASK_ID: 'env',
    });
  });

  it('a task has a session and a process group of its own and inherits no descriptor', async () => {
    if (process.platform !== 'linux') return;
    const list = 'for fd in /proc/$$/fd/*; do readlink $fd; done';
    await run(shellTask('own', `cut -d" " -f5,6 /proc/self/stat; echo $$; ${list}`));
    const [ids, shell, ...targets] = rig.read('own', 'stdout').trim().split('\n');
    assert.equal(ids, `${shell} ${shell}`);
    // Whatever this test was started with may come through; nothing of the agent and of the holder may.
    const ours = new Set(fs.readdirSync('/proc/self/fd').map((fd) => linkTarget(`/proc/self/fd/${fd}`)));
    const output = [rig.sandbox('own', 'stdout'), rig.sandbox('own', 'stderr'), '/dev/null'];
    const foreign = targets.filter((target) => !ours.has(target) && !output.includes(target));
    assert.deepEqual(foreign, []);
  });

  it('arguments are passed as they are, the first being the name of the program', async () => {
    const command = {
      shell: false,
      value: '/bin/sh',
      arguments: ['me', '-c', 'echo "$0|$1"', 'a b', '$HOME'],
    };
    await run(shellTask('argv', '', { command: { ...command, environment: {} } }));
    assert.equal(rig.read('argv', 'stdout'), 'a b|$HOME\n');
  });

  it('a command that cannot be executed is an ERROR that names it, and never RUNNING', async () => {
    const commands: [string, CommandToRun | { problem: string }][] = [
      ['missing', { shell: false, value: '/no/such/program', arguments: [], environment: {} }],
      ['folder', { shell: false, value: '/tmp', arguments: [], environment: {} }],
      ['empty', { shell: true, value: '', arguments: [], environment: {} }],
      ['nul', { shell: true, value: 'echo \0', arguments: [], environment: {} }],
      ['variable', { shell: true, value: 'true', arguments: [], environment: { 'A=B': 'c' } }],
      ['user', { shell: true, value: 'true', arguments: [], environment: {}, user: 'nobody-at-all' }],
      ['problem', { problem: 'executors are not supported' }],
    ];
    for (const [id, command] of commands) {
      const task = shellTask(id, '', { command });
      const last = await run(task);
      assert.deepEqual(rig.master.statesOf(task), ['ERROR'], id);
      assert.equal(last.reason, 'TASK_INVALID');
      assert.equal(last.exit, undefined);
      assert.notEqual(last.message, '');
    }
  });

  it('a kill sends SIGTERM, and the task may use its grace period', async () => {
    const task = shellTask(
      'polite',
      "trap 'echo bye; exit 7' TERM; touch ready; while :; do sleep 0.05; done",
    );
    await runUntilReady(task);
    rig.master.kill(task, 10_000);
    const last = await end(task);
    assert.equal(last.state, 'KILLED');
    assert.deepEqual({ ...last.exit, atMs: 0 }, { exitCode: 7, atMs: 0 });
    assert.equal(rig.read('polite', 'stdout'), 'bye\n');
  });

  it('what ignores SIGTERM is killed with its whole group when the grace period is over', async () => {
    const child = "trap '' TERM; echo $$ > child; touch ready; while :; do sleep 0.05; done";
    const task = shellTask('stubborn', `trap '' TERM; sh -c "${child.replaceAll('$', '\\$')}" & wait; wait`);
    await runUntilReady(task);
    const childPid = await pidIn('stubborn', 'child');
    rig.master.kill(task, 200);
    const last = await end(task);
    assert.equal(last.state, 'KILLED');
    assert.deepEqual({ ...last.exit, atMs: 0 }, { signal: 'SIGKILL', atMs: 0 });
    assert.equal(isRunning(childPid), false);
  });

  it('a child left behind in the background does not outlive the end of its task', async () => {
    const task = shellTask('parent', 'sleep 1000 & echo $! > child; exit 3');
    const last = await run(task);
    assert.equal(last.state, 'FAILED');
    assert.deepEqual({ ...last.exit, atMs: 0 }, { exitCode: 3, atMs: 0 });
    assert.equal(isRunning(await pidIn('parent', 'child')), false);
  });

  it('a daemon that left the session does not outlive the end of its task', async () => {
    if (process.platform !== 'linux') return;
    const task = shellTask(
      'daemon',
      'setsid sh -c "echo \\$\\$ > child; exec sleep 1000" & while [ ! -s child ]; do sleep 0.02; done',
    );
    await run(task);
    assert.equal(isRunning(await pidIn('daemon', 'child')), false);
  });

  it('a kill for a task that is not there is answered, and keeps a later launch from running', async () => {
    const task = shellTask('late', 'touch ran');
    rig.master.kill(task);
    const last = await end(task);
    assert.equal(last.state, 'KILLED');
    assert.equal(last.reason, 'TASK_KILLED_DURING_LAUNCH');
    assert.equal(fs.existsSync(rig.sandbox('late', 'ran')), false);
  });

  it('a launch that is repeated does not run twice', async () => {
    const task = shellTask('once', 'echo ran >> count; sleep 0.2');
    for (let i = 0; i < 5; i++) rig.master.launch(task);
    await eventually(() => fs.existsSync(rig.sandbox('once', 'count')), 15_000);
    rig.master.launch(task);
    await end(task);
    assert.equal(rig.read('once', 'count'), 'ran\n');
    assert.deepEqual(rig.master.statesOf(task), ['RUNNING', 'FINISHED']);
  });

  it('a task of another user runs as that user, in a sandbox that is theirs', async () => {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
    const environment = {};
    const command = { shell: true, value: 'id -u; id -G; echo $HOME > home', arguments: [], environment };
    await run(shellTask('user', '', { command: { ...command, user: 'daemon' } }));
    const [uid, groups] = rig.read('user', 'stdout').trim().split('\n');
    assert.equal(uid, String(fs.statSync(rig.sandbox('user')).uid));
    assert.notEqual(uid, '0');
    assert.doesNotMatch(groups!, /\b0\b/);
    assert.notEqual(rig.read('user', 'home').trim(), '/home/of/agent');
  });

  it('ids with separators, dots and control characters stay inside the folder of tasks', async () => {
    for (const id of ['../../escape', '.', '..', 'a/b', 'new\nline', 'x'.repeat(900), 'ü']) {
      assert.equal((await run(shellTask(id, 'pwd'))).state, 'FINISHED', id);
    }
    assert.equal(fs.readdirSync(rig.sandbox('')).length, 7);
  });
});
