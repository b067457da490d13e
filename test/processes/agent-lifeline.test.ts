import assert from 'node:assert/strict';
import fs from 'node:fs';
import { AgentRig } from '../support/agent/agent-process.js';
import { shellTask } from '../support/agent/master-double.js';
import { processesMentioning } from '../support/agent/processes.js';
import { eventually } from '../support/eventually.js';

/** A task that ignores SIGTERM, with a child that does too. */
const STUBBORN = "trap '' TERM; sleep 1000 & touch ready; while :; do sleep 0.1; done";

describe('the end of an agent with its tasks', () => {
  let rig: AgentRig;
  beforeEach(async () => {
    rig = new AgentRig();
    await rig.start();
    rig.master.launch(shellTask('stubborn', STUBBORN));
    rig.master.launch(shellTask('plain', 'touch ready; exec sleep 1000'));
    for (const id of ['stubborn', 'plain']) {
      await eventually(() => fs.existsSync(rig.sandbox(id, 'ready')), 5000, `${id} is ready: ${rig.log()}`);
    }
  });
  afterEach(() => rig.close());

  const nothingLeft = (withinMs: number): Promise<boolean> =>
    eventually(() => processesMentioning(rig.folder).length === 0, withinMs, 'no process is left');

  it('comes within 5 s of the end of its lifeline: tasks, holder and agent', async () => {
    rig.cutLifeline();
    await nothingLeft(5000);
  });

  it('comes within 5 s of the end of the lifeline when only the holder is left', async () => {
    await rig.signal('SIGKILL');
    assert.ok(processesMentioning(rig.folder).length > 2);
    rig.cutLifeline();
    await nothingLeft(5000);
  });

  it('comes within 4 s of SIGINT, and is reported', async () => {
    const started = performance.now();
    assert.equal(await rig.signal('SIGINT'), 0);
    assert.ok(performance.now() - started < 4000);
    await nothingLeft(200);
    for (const id of ['stubborn', 'plain']) {
      assert.deepEqual(rig.master.statesOf(shellTask(id, '')), ['RUNNING', 'KILLED']);
    }
  });

  it('comes within 4 s of SIGINT without any master, and is reported by the next agent', async () => {
    rig.master.answer = () => undefined;
    rig.master.connection!.end('cut');
    assert.equal(await rig.signal('SIGINT'), 0);
    await nothingLeft(200);
    rig.master.answer = () => rig.master.registered();
    await rig.start();
    const task = shellTask('plain', '');
    await eventually(() => rig.master.lastOf(task)?.state === 'KILLED', 5000);
  });
});
