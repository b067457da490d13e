import assert from 'node:assert/strict';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Checkpoint } from '../../lib/agent/checkpoint/checkpoint.js';
import { diskIo, type FileIo } from '../../lib/agent/checkpoint/file-io.js';
import { TaskTable } from '../../lib/agent/tasks/table.js';
import { refOf, taskKey } from '../../lib/agent/types.js';
import { Outbox } from '../../lib/agent/updates/outbox.js';
import { SeededRandom, type AgentId, type ClusterId } from '../../lib/base/index.js';
import { shellTask } from '../support/agent/master-double.js';
import { MemoryHolder } from '../support/agent/memory-holder.js';
import { eventually } from '../support/eventually.js';
import { quiet } from '../support/quiet.js';
import { tempFolder } from '../support/temp-folder.js';
import { VirtualTime } from '../support/virtual-time.js';

const LIMIT_MS = 5000;

describe('what an agent does before its disk has answered', () => {
  const task = shellTask('t', 'true');
  let folder: ReturnType<typeof tempFolder>;
  let disk: 'works' | 'stalls' | 'fails';
  let stalled: (() => void)[];
  let checkpoint: Checkpoint;
  let holder: MemoryHolder;
  let table: TaskTable;
  let sent: string[];
  let fatal: Error[];

  beforeEach(async () => {
    folder = tempFolder();
    disk = 'works';
    stalled = [];
    sent = [];
    fatal = [];
    const io: FileIo = {
      ...diskIo,
      sync: (fd, done) => {
        if (disk === 'fails') setImmediate(done, new Error('EIO'));
        else if (disk === 'stalls') stalled.push(() => diskIo.sync(fd, done));
        else diskIo.sync(fd, done);
      },
    };
    checkpoint = new Checkpoint({
      file: path.join(folder.path, 'log'),
      onFatal: (error) => fatal.push(error),
      io,
    });
    checkpoint.write({ op: 'identity', agentId: 'A1' as AgentId, clusterId: 'C' as ClusterId });
    const time = new VirtualTime();
    const random = new SeededRandom(1);
    const retry = { firstMs: 100, maxMs: 1000, factor: 2 };
    const outbox = new Outbox({ window: 10, maxTasks: 10, retry, clock: time, timers: time, random });
    outbox.connected((update) => sent.push(update.state));
    holder = new MemoryHolder();
    table = new TaskTable({
      checkpoint,
      holder,
      outbox,
      clock: time,
      random,
      logger: quiet,
      maxTasks: 10,
      maxStarts: 10,
      orderOf: () => ({ ...refOf(task), sandbox: '/x', file: 'x', argv: ['x'], env: {} }),
      onRemoved: () => {},
    });
    let connected = false;
    holder.start({
      onTasks: (tasks) => {
        table.holderTasks(tasks);
        connected = true;
      },
      onStarted: (ref) => table.started(ref),
      onEnded: (ref, outcome) => table.ended(ref, outcome),
      onDown: () => table.holderDown(),
      onFatal: () => {},
    });
    table.allowStarts();
    await eventually(() => connected, LIMIT_MS);
  });
  afterEach(async () => {
    disk = 'works';
    for (const go of stalled.splice(0)) go();
    await checkpoint.close();
    folder.remove();
  });

  async function settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await turn();
  }

  async function diskAnswers(): Promise<void> {
    disk = 'works';
    for (const go of stalled.splice(0)) go();
    await new Promise<void>((resolve) => checkpoint.flushed(resolve));
  }

  it('is not to start a task', async () => {
    disk = 'stalls';
    table.launch(task, 1);
    await settle();
    assert.deepEqual(holder.orders, []);
    await diskAnswers();
    assert.equal(holder.orders.length, 1);
  });

  it('is not to send an update', async () => {
    holder.startsAtOnce = false;
    table.launch(task, 1);
    await eventually(() => holder.orders.length === 1, LIMIT_MS);
    disk = 'stalls';
    holder.begin(task);
    await settle();
    assert.deepEqual(sent, []);
    await diskAnswers();
    assert.deepEqual(sent, ['RUNNING']);
  });

  it('is not to forget a task whose last update is committed', async () => {
    table.launch(task, 1);
    await eventually(() => sent.length === 1, LIMIT_MS);
    table.committed(task, 1, 2);
    holder.exit(task, 0);
    await eventually(() => sent.length === 2, LIMIT_MS);
    await new Promise<void>((resolve) => checkpoint.flushed(resolve));
    disk = 'stalls';
    table.committed(task, 2, 3);
    await settle();
    assert.equal(table.size, 1);
    assert.deepEqual(holder.forgotten, []);
    await diskAnswers();
    assert.equal(table.size, 0);
    assert.deepEqual(holder.forgotten, [taskKey(task)]);
  });

  it('is not done at all when the disk fails, which is fatal', async () => {
    disk = 'fails';
    table.launch(task, 1);
    await eventually(() => fatal.length > 0, LIMIT_MS);
    assert.match(fatal[0]!.message, /EIO/);
    assert.deepEqual([holder.orders, sent], [[], []]);
  });

  it('takes the acknowledgement of an update for that of all before it', async () => {
    table.launch(task, 1);
    await eventually(() => sent.length === 1, LIMIT_MS);
    holder.exit(task, 0);
    await new Promise<void>((resolve) => checkpoint.flushed(resolve));
    table.committed(task, 2, 3);
    await eventually(() => table.size === 0, LIMIT_MS);
    assert.deepEqual(sent, ['RUNNING']);
  });

  it('ignores acknowledgements of updates that were never made', async () => {
    table.launch(task, 1);
    await eventually(() => sent.length === 1, LIMIT_MS);
    table.committed(task, 7, 2);
    table.committed(task, 1, 3);
    table.committed(task, 1, 4);
    table.committed(shellTask('other', ''), 1, 5);
    assert.equal(table.reports()[0]!.lastSequence, 1);
  });
});
