import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { mesos } from '../../lib/wire/index.js';
import { Harness } from './harness.js';

describe('tepui sample', () => {
  let folder: string;
  let file: string;
  let harness: Harness;
  let running: Promise<number>;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tepui-sample-'));
    file = path.join(folder, 'state', 'sample.json');
    harness = new Harness();
  });

  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });

  async function start(): Promise<void> {
    running = harness.start('sample', '--json', '--state', file);
    await harness.world.advance(100);
  }

  async function stop(): Promise<number> {
    harness.interrupt();
    await harness.world.advance(1000);
    return running;
  }

  async function offer(cpus: number = 4): Promise<void> {
    const resources: mesos.Resource[] = [
      { name: 'cpus', type: 'SCALAR', scalar: { value: cpus } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 4096 } },
    ];
    const ids = { framework_id: { value: 'framework-1' }, agent_id: { value: 'agent-1' } };
    const id = { value: `offer-${harness.group.calls.length}` };
    harness.group.tell({ type: 'OFFERS', offers: { offers: [{ id, ...ids, hostname: 'h', resources }] } });
    await harness.world.settle();
  }

  async function update(
    task: string,
    state: mesos.TaskState,
    reason?: mesos.TaskStatusReason,
  ): Promise<void> {
    const status = { task_id: { value: task }, state, ...(reason === undefined ? {} : { reason }) };
    harness.group.tell({ type: 'UPDATE', update: { status } });
    await harness.world.settle();
  }

  function launched(): string[] {
    return harness.group.calls.flatMap((call) =>
      call.type === 'ACCEPT'
        ? (call.accept.operations?.[0]?.launch?.task_infos ?? []).map(({ task_id: id }) => id.value)
        : [],
    );
  }

  it('launches four long tasks, and a short one every second', async () => {
    await start();
    await offer();
    assert.deepEqual(launched(), ['long-0.0', 'long-1.0', 'long-2.0', 'long-3.0']);
    for (let second = 0; second < 3; second++) {
      await harness.world.advance(1000);
      await offer();
    }
    assert.equal(launched().filter((id) => id.startsWith('short-')).length, 3);
  });

  it('leaves offers that it does not want to others until it wants one', async () => {
    await start();
    await offer();
    await offer();
    const decline = harness.group.calls.find((call) => call.type === 'DECLINE');
    assert.equal(decline?.decline.filters?.refuse_seconds, 3600);
    await harness.world.advance(1000);
    assert.equal(harness.group.executed.at(-1), 'REVIVE');
  });

  it('replaces a long task that has ended, under another id', async () => {
    await start();
    await offer();
    await update('long-2.0', 'TASK_FAILED');
    await harness.world.advance(1000);
    await offer();
    assert.ok(launched().includes('long-2.1'));
  });

  it('comes back as the same framework and launches no long task that still runs', async () => {
    await start();
    await offer();
    await stop();
    await start();
    const ids = harness.group.subscribed.map(({ id }) => id);
    assert.equal(ids.length, 2);
    assert.equal(ids[0], ids[1]);
    for (const number of [0, 1, 2, 3])
      await update(`long-${number}.0`, 'TASK_RUNNING', 'REASON_RECONCILIATION');
    await harness.world.advance(1000);
    await offer();
    assert.equal(launched().filter((id) => id.startsWith('long-')).length, 4);
  });

  it('launches a long task that ended while it was away', async () => {
    await start();
    await offer();
    await stop();
    await start();
    await update('long-1.0', 'TASK_UNKNOWN', 'REASON_RECONCILIATION');
    await harness.world.advance(1000);
    await offer();
    assert.ok(launched().includes('long-1.1'));
    assert.ok(!launched().includes('long-0.1'));
  });

  it('begins anew when its framework was removed', async () => {
    await start();
    await offer();
    await stop();
    const [former] = harness.group.frameworks;
    harness.group.removed.add(former ?? '');
    await start();
    await harness.world.advance(100);
    assert.match(harness.out, /"event":"ended","code":"FRAMEWORK_REMOVED"/);
    const present = harness.group.subscribed.at(-1)?.id;
    assert.notEqual(present, former);
    assert.ok(readFileSync(file, 'utf8').includes(`"frameworkId":"${present}"`));
  });

  it('prints one JSON line per event, and exits 130 when interrupted', async () => {
    await start();
    await offer();
    assert.equal(await stop(), 130);
    const frameworkId = harness.group.subscribed[0]?.id;
    assert.deepEqual(harness.lines().slice(0, 2), [
      { event: 'subscribed', frameworkId, resumed: false },
      { event: 'launched', task: 'long-0.0', agentId: 'agent-1' },
    ]);
  });

  it('refuses a state file that is none', async () => {
    const other = path.join(folder, 'other.json');
    writeFileSync(other, '{"frameworkId":');
    running = harness.start('sample', '--state', other);
    assert.equal(await running, 2);
    assert.match(harness.err, /is not a state file of the sample; remove it to begin anew/);
  });
});
