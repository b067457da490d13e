import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { taskKey } from '../../lib/agent/types.js';
import { thisPlatform } from '../../lib/agent/platform/index.js';
import type { AgentId, ClusterId, TepuiError } from '../../lib/base/index.js';
import { AgentHarness } from '../support/agent/agent-harness.js';
import { shellTask } from '../support/agent/master-double.js';
import { eventually } from '../support/eventually.js';

const LIMIT_MS = 9000;

describe('agent', () => {
  let rig: AgentHarness;
  beforeEach(async () => {
    rig = new AgentHarness();
    await rig.agent.start();
    await eventually(() => rig.agent.status().registered, LIMIT_MS);
  });
  afterEach(() => rig.close());

  const task = shellTask('t', 'true');
  const ordered = (): string[] => rig.holder.orders.map(({ taskId }) => taskId);
  const states = (expected: string[]): Promise<unknown> =>
    eventually(() => rig.master.statesOf(task).length >= expected.length, LIMIT_MS).then(() =>
      assert.deepEqual(rig.master.statesOf(task), expected),
    );
  const noTasks = (): Promise<unknown> => eventually(() => rig.agent.status().tasks === 0, LIMIT_MS);

  async function running(): Promise<void> {
    rig.master.launch(task);
    await states(['RUNNING']);
  }

  it('forgets a task, here and at the holder, once its last update is committed', async () => {
    await running();
    rig.holder.exit(task, 0);
    await states(['RUNNING', 'FINISHED']);
    await noTasks();
    assert.deepEqual(rig.holder.forgotten, [taskKey(task)]);
    await rig.restart();
    await eventually(() => rig.master.connections.length === 2, LIMIT_MS);
    assert.deepEqual(rig.master.connection!.registration.tasks, []);
  });

  it('keeps a task that ended until its last update is committed', async () => {
    await running();
    rig.master.commits = false;
    rig.holder.exit(task, 0);
    await states(['RUNNING', 'FINISHED']);
    await rig.restart();
    await eventually(() => rig.master.connections.length === 2, LIMIT_MS);
    const [report] = rig.master.connection!.registration.tasks;
    assert.deepEqual([report?.lastSequence, report?.terminal], [2, true]);
    rig.master.commits = true;
    await noTasks();
  });

  it('tells every master the highest revision it has seen on any', async () => {
    await running();
    await eventually(() => rig.agent.status().unreported === 0, LIMIT_MS);
    const seen = rig.master.revision;
    await rig.restart();
    await eventually(() => rig.master.connections.length === 2, LIMIT_MS);
    assert.equal(rig.master.connection!.registration.knownRevision, seen);
  });

  it('ends tasks that the group does not know without a word', async () => {
    await running();
    rig.master.unknownTasks = [task];
    rig.master.connection!.end('cut');
    await eventually(() => rig.holder.kills.length > 0, LIMIT_MS);
    const received = rig.master.received.length;
    rig.holder.exit(task, 0, true);
    await noTasks();
    assert.equal(rig.master.received.length, received);
  });

  it('removed by the group, ends all tasks before it registers anew without an id', async () => {
    await running();
    let removed = true;
    rig.master.answer = ({ agentId }) => {
      if (agentId !== null) return { kind: 'refused', code: 'AGENT_REMOVED', message: 'gone' };
      assert.equal(removed, false, 'registered while a task was alive');
      return rig.master.registered({ agentId: 'A2' as AgentId });
    };
    rig.master.connection!.end('cut');
    await eventually(() => rig.holder.kills.length > 0, LIMIT_MS);
    removed = false;
    rig.holder.exit(task, 0, true);
    await eventually(() => rig.agent.status().agentId === 'A2', LIMIT_MS);
    assert.deepEqual(rig.master.statesOf(task), ['RUNNING']);
    assert.deepEqual(rig.master.connection!.registration.tasks, []);
  });

  it('ends, and leaves its tasks alone, when the masters belong to another group', async () => {
    await running();
    rig.master.answer = () =>
      rig.master.registered({ clusterId: 'other' as ClusterId, unknownTasks: [task] });
    rig.master.connection!.end('cut');
    const error = (await eventually(() => rig.fatal[0], LIMIT_MS)) as TepuiError;
    assert.equal(error.code, 'FOREIGN_CLUSTER');
    assert.deepEqual(rig.holder.kills, []);
  });

  it('asks the holder for no more starts at once than its limit', async () => {
    rig.holder.startsAtOnce = false;
    await rig.restart({ limits: { maxStarts: 2 } });
    await eventually(() => rig.agent.status().registered, LIMIT_MS);
    for (const id of ['a', 'b', 'c']) rig.master.launch(shellTask(id, 'true'));
    await eventually(() => ordered().length === 2, LIMIT_MS);
    rig.holder.begin(shellTask('a', ''));
    await eventually(() => ordered().length === 3, LIMIT_MS);
    assert.deepEqual(ordered(), ['a', 'b', 'c']);
  });

  it('fails a launch beyond its number of tasks', async () => {
    await rig.restart({ limits: { maxTasks: 1 } });
    await eventually(() => rig.agent.status().registered, LIMIT_MS);
    rig.master.launch(shellTask('first', 'true'));
    rig.master.launch(task);
    await states(['FAILED']);
    assert.match(rig.master.lastOf(task)!.message, /limit/);
    assert.deepEqual(ordered(), ['first']);
  });

  it('starts a task that was accepted before a crash only when the group still wants it', async () => {
    rig.holder.disconnect();
    rig.master.launch(task);
    await eventually(() => rig.agent.status().tasks === 1, LIMIT_MS);
    rig.master.answer = () => undefined;
    await rig.restart();
    assert.deepEqual(ordered(), []);
    rig.master.answer = () => rig.master.registered();
    await states(['RUNNING']);
    assert.deepEqual(ordered(), ['t']);
  });

  it('does not start a task that was accepted before a crash and is unknown after it', async () => {
    rig.holder.disconnect();
    rig.master.launch(task);
    await eventually(() => rig.agent.status().tasks === 1, LIMIT_MS);
    rig.master.unknownTasks = [task];
    await rig.restart();
    await noTasks();
    assert.deepEqual(ordered(), []);
    assert.deepEqual(rig.master.statesOf(task), []);
  });

  it('reports the tasks it accepted before the machine restarted, and starts none of them', async () => {
    rig.holder.disconnect();
    rig.master.launch(task);
    await eventually(() => rig.agent.status().tasks === 1, LIMIT_MS);
    await rig.restart({ platform: { ...thisPlatform(), bootId: 'another' } });
    await states(['FAILED']);
    assert.equal(rig.master.lastOf(task)!.reason, 'AGENT_RESTARTED');
    assert.deepEqual(ordered(), []);
  });

  it('fails a task that the holder should know and does not, rather than start it again', async () => {
    await running();
    rig.holder.disconnect();
    rig.holder.lose(task);
    rig.holder.reconnect();
    await states(['RUNNING', 'FAILED']);
    assert.match(rig.master.lastOf(task)!.message, /no record/);
    assert.deepEqual(ordered(), ['t']);
  });

  it('repeats a kill to a holder that was away, also after a restart', async () => {
    await running();
    rig.holder.disconnect();
    rig.master.kill(task, 1234);
    await turn();
    await turn();
    await rig.restart();
    await eventually(() => rig.holder.kills.length > 0, LIMIT_MS);
    assert.deepEqual(rig.holder.kills[0], { key: taskKey(task), graceMs: 1234 });
    rig.holder.exit(task, 143, true);
    await states(['RUNNING', 'KILLED']);
  });

  it('reports RUNNING too when a task ended before anybody saw it running', async () => {
    rig.holder.startsAtOnce = false;
    rig.master.launch(task);
    await eventually(() => ordered().length === 1, LIMIT_MS);
    rig.holder.exit(task, 3);
    await states(['RUNNING', 'FAILED']);
  });

  it('kills what the holder holds and it has no record of', async () => {
    const stray = shellTask('stray', 'true');
    rig.holder.begin(stray);
    rig.holder.disconnect();
    rig.holder.reconnect();
    assert.deepEqual(rig.holder.kills, [{ key: taskKey(stray), graceMs: 0 }]);
  });

  it('stopped with its tasks, kills and reports them', async () => {
    await running();
    const stopped = rig.agent.stop('end-tasks');
    await eventually(() => rig.holder.kills.length > 0, LIMIT_MS);
    rig.holder.exit(task, 143, true);
    await stopped;
    assert.deepEqual(rig.master.statesOf(task), ['RUNNING', 'KILLED']);
  });

  it('stopped with its tasks, gives up on one that does not end', async () => {
    await running();
    await rig.agent.stop('end-tasks');
    assert.deepEqual(rig.agent.status().tasks, 0);
  });

  it('cannot be started on a folder that another one uses', async () => {
    const second = rig.twin();
    await assert.rejects(second.start(), { code: 'FOLDER_IN_USE' });
  });
});
