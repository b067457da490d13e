import assert from 'node:assert/strict';
import type { mesos } from '../../lib/wire/index.js';
import { Harness } from './harness.js';

const AGENT = { value: 'agent-1' };

describe('tepui run', () => {
  let harness: Harness;
  let exitCode: number | null;
  let running: Promise<number>;
  let updates: number;

  beforeEach(() => {
    harness = new Harness();
    exitCode = null;
    updates = 0;
  });

  afterEach(async () => {
    harness.interrupt();
    harness.interrupt();
    await harness.world.advance(1000);
    await running;
    assert.equal(harness.world.armed, 0, 'a finished command leaves no timer');
    assert.equal(harness.group.network.doors.size, 0, 'a finished command leaves no connection');
  });

  async function start(...flags: string[]): Promise<void> {
    running = harness.start('run', '--name', 'job', ...flags, '--', 'echo', '-n', 'hello world');
    void running.then((code) => (exitCode = code));
    await harness.world.advance(100);
  }

  async function offer(cpus: number = 4, memMb: number = 4096): Promise<void> {
    const resources: mesos.Resource[] = [
      { name: 'cpus', type: 'SCALAR', scalar: { value: cpus } },
      { name: 'mem', type: 'SCALAR', scalar: { value: memMb } },
    ];
    const made: mesos.Offer = {
      id: { value: `offer-${harness.group.calls.length}` },
      framework_id: { value: 'framework-1' },
      agent_id: AGENT,
      hostname: 'h',
      resources,
    };
    harness.group.tell({ type: 'OFFERS', offers: { offers: [made] } });
    await harness.world.settle();
  }

  async function update(
    task: string,
    state: mesos.TaskState,
    more: Partial<mesos.TaskStatus> = { uuid: Buffer.from(`uuid-${updates++}`) },
  ): Promise<void> {
    const status: mesos.TaskStatus = { task_id: { value: task }, state, agent_id: AGENT, ...more };
    harness.group.tell({ type: 'UPDATE', update: { status } });
    await harness.world.settle();
  }

  /** Task ids of every ACCEPT that took effect. */
  function launches(): string[][] {
    return harness.group.calls.flatMap((call) =>
      call.type === 'ACCEPT'
        ? [(call.accept.operations?.[0]?.launch?.task_infos ?? []).map(({ task_id: id }) => id.value)]
        : [],
    );
  }

  it('launches NAME-0, NAME-1, … and exits 0 when all have finished', async () => {
    await start('--instances', '2');
    await offer();
    assert.deepEqual(launches(), [['job-0', 'job-1']]);
    await update('job-0', 'TASK_FINISHED');
    assert.equal(exitCode, null);
    await update('job-1', 'TASK_FINISHED');
    assert.equal(exitCode, 0);
    assert.match(harness.out, /2 finished, 0 failed, 0 lost\n$/);
    assert.deepEqual(harness.group.executed.slice(-2), ['ACKNOWLEDGE', 'TEARDOWN']);
  });

  it('hands program and arguments over as they are: no shell touches them', async () => {
    await start();
    await offer();
    const accept = harness.group.calls.find((call) => call.type === 'ACCEPT');
    assert.deepEqual(accept?.accept.operations?.[0]?.launch?.task_infos?.[0]?.command, {
      shell: false,
      value: 'echo',
      arguments: ['echo', '-n', 'hello world'],
    });
  });

  it('exits 1 when a task failed or was lost', async () => {
    await start('--instances', '3');
    await offer();
    await update('job-0', 'TASK_FINISHED');
    await update('job-1', 'TASK_FAILED', { message: 'exit code 3', uuid: Buffer.from('f') });
    await update('job-2', 'TASK_LOST');
    assert.equal(exitCode, 1);
    assert.match(harness.out, /^job-1 {2}TASK_FAILED {2}on agent-1 {2}\(exit code 3\)$/m);
    assert.match(harness.out, /1 finished, 1 failed, 1 lost\n$/);
  });

  it('prints a JSON line per update and the tally last', async () => {
    await start('--json');
    await offer();
    await update('job-0', 'TASK_RUNNING');
    await update('job-0', 'TASK_FAILED', {
      reason: 'REASON_COMMAND_EXECUTOR_FAILED',
      message: 'exit code 1',
    });
    const [first, second, last] = harness.lines() as Record<string, unknown>[];
    const { index, ...shape } = first ?? {};
    assert.ok(typeof index === 'number' && index > 0);
    assert.deepEqual(shape, {
      task: 'job-0',
      state: 'TASK_RUNNING',
      agentId: 'agent-1',
      reason: null,
      message: null,
    });
    assert.equal(second?.['reason'], 'REASON_COMMAND_EXECUTOR_FAILED');
    assert.deepEqual(last, { finished: 0, failed: 1, lost: 0 });
  });

  it('launches as many instances as an offer has room for', async () => {
    await start('--instances', '3', '--cpus', '1', '--mem', '100');
    await offer(2.5, 4096);
    assert.deepEqual(launches(), [['job-0', 'job-1']]);
    await offer(4, 50);
    assert.equal(harness.group.executed.at(-1), 'DECLINE');
    await offer(1, 100);
    assert.deepEqual(launches(), [['job-0', 'job-1'], ['job-2']]);
  });

  it('goes on over the death of its master', async () => {
    await start();
    await offer();
    harness.group.network.kill('m1:1');
    await harness.world.advance(50);
    assert.ok(harness.group.executed.includes('RECONCILE'), 'it asks what it may have missed');
    await update('job-0', 'TASK_FINISHED');
    assert.equal(exitCode, 0);
    assert.deepEqual(launches(), [['job-0']]);
  });

  it('launches an instance whose launch was refused on the next offer, under the same id', async () => {
    await start();
    harness.group.refusingAccept = 'INVALID_OFFER';
    await offer();
    assert.equal(harness.group.executed.at(-1), 'REVIVE');
    harness.group.refusingAccept = null;
    await offer();
    assert.deepEqual(launches(), [['job-0'], ['job-0']]);
  });

  it('ends with the refusal when another offer would not help', async () => {
    await start();
    harness.group.refusingAccept = 'INVALID_ARGUMENT';
    await offer();
    assert.equal(exitCode, 3);
    assert.match(harness.err, /\[INVALID_ARGUMENT\]/);
  });

  async function launchWithUnknownOutcome(): Promise<void> {
    await start();
    harness.group.manner = 'mute';
    await offer();
    harness.group.manner = 'answer';
    harness.group.expireSessions();
    harness.group.network.cut('m1:1');
    await harness.world.advance(100);
  }

  it('does not launch an instance again while the outcome of its launch is unknown', async () => {
    await launchWithUnknownOutcome();
    assert.ok(harness.group.executed.includes('RECONCILE'), 'it asks');
    await offer();
    await offer();
    assert.deepEqual(launches(), [['job-0']]);
    assert.equal(harness.group.executed.at(-1), 'DECLINE');
  });

  it('follows an instance that turns out to have been launched', async () => {
    await launchWithUnknownOutcome();
    await update('job-0', 'TASK_RUNNING', { reason: 'REASON_RECONCILIATION' });
    await update('job-0', 'TASK_FINISHED');
    assert.equal(exitCode, 0);
    assert.deepEqual(launches(), [['job-0']]);
  });

  it('launches an instance that the group has never heard of, under the same id', async () => {
    await launchWithUnknownOutcome();
    await update('job-0', 'TASK_UNKNOWN', { reason: 'REASON_RECONCILIATION' });
    await offer();
    assert.deepEqual(launches(), [['job-0'], ['job-0']]);
  });

  it('asks for the state of a task that exists already instead of launching another', async () => {
    await start();
    harness.group.refusingAccept = 'TASK_EXISTS';
    await offer();
    harness.group.refusingAccept = null;
    assert.equal(harness.group.executed.at(-1), 'RECONCILE');
    await offer();
    assert.equal(launches().length, 1);
  });

  it('never launches an instance that failed again without --retry', async () => {
    await start('--instances', '2');
    await offer();
    await update('job-0', 'TASK_FAILED');
    await offer();
    assert.equal(launches().length, 1);
  });

  it('launches a failed instance again with --retry, as NAME-0.1', async () => {
    await start('--retry', '1');
    await offer();
    await update('job-0', 'TASK_FAILED');
    assert.equal(harness.group.executed.at(-1), 'REVIVE');
    await offer();
    assert.deepEqual(launches(), [['job-0'], ['job-0.1']]);
    await update('job-0.1', 'TASK_FINISHED');
    assert.equal(exitCode, 0);
  });

  it('waits a minute for a task whose agent is unreachable, then counts it as lost', async () => {
    await start();
    await offer();
    await update('job-0', 'TASK_UNREACHABLE');
    for (let second = 0; second < 55; second++) {
      await harness.world.advance(1000);
      harness.group.tell({ type: 'HEARTBEAT' });
    }
    assert.equal(exitCode, null);
    await harness.world.advance(8000);
    assert.equal(exitCode, 1);
    assert.match(harness.out, /0 finished, 0 failed, 1 lost\n$/);
  });

  it('kills its tasks and removes the framework at Ctrl-C, and exits 130', async () => {
    await start();
    await offer();
    harness.interrupt();
    await harness.world.settle();
    assert.equal(exitCode, 130);
    assert.equal(harness.group.executed.at(-1), 'TEARDOWN');
  });

  it('says what it waits for when no offer fits', async () => {
    await start('--cpus', '64');
    await offer(4, 4096);
    await harness.world.advance(12_500);
    const want =
      '1 instances wait for an offer of 64 CPUs and 32 MB; the largest so far had 4 CPUs and 4,096 MB';
    assert.ok(harness.err.includes(want), harness.err);
  });

  it('exits 5 when nobody is reachable', async () => {
    for (const address of ['m1:1', 'm2:2', 'm3:3']) harness.group.network.conditions.set(address, 'refusing');
    await start();
    await harness.world.advance(6000);
    assert.equal(exitCode, 5);
  });

  it('exits 1 when the framework is removed from outside', async () => {
    await start();
    harness.group.removed.add(harness.group.subscribed[0]?.id ?? '');
    harness.group.tell({ type: 'ERROR', error: { message: 'Framework has been removed' } });
    await harness.world.advance(100);
    assert.equal(exitCode, 1);
    assert.match(harness.err, /\[FRAMEWORK_REMOVED\]/);
  });
});
