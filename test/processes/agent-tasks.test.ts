import assert from 'node:assert/strict';
import { AgentRig } from '../support/agent/agent-process.js';
import { shellTask } from '../support/agent/master-double.js';
import { eventually } from '../support/eventually.js';

describe('tasks as processes', () => {
  let rig: AgentRig;
  beforeEach(async () => {
    rig = new AgentRig();
    await rig.start();
  });
  afterEach(() => rig.close());

  it('reports RUNNING, then FINISHED with the exit code, and leaves output and exit.json in the sandbox', async () => {
    const task = shellTask('hello', 'echo out; echo err >&2');
    rig.master.launch(task);
    const last = await eventually(
      () => rig.master.statesOf(task).length === 2 && rig.master.lastOf(task),
      5000,
      'two updates',
    );
    assert.deepEqual(rig.master.statesOf(task), ['RUNNING', 'FINISHED']);
    assert.equal((last.exit as { exitCode: number }).exitCode, 0);
    assert.equal(rig.read('hello', 'stdout'), 'out\n');
    assert.equal(rig.read('hello', 'stderr'), 'err\n');
    assert.equal((JSON.parse(rig.read('hello', 'exit.json')) as { exitCode: number }).exitCode, 0);
  });
});
