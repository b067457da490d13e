import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { runTasks } from '../../docs/example-framework.js';
import type { mesos } from '../../lib/wire/index.js';
import { serve } from './fake-door-server.js';
import { FakeGroup } from './fake-group.js';

describe('docs/example-framework.ts', () => {
  it('has fewer than 60 lines', () => {
    const lines = readFileSync('docs/example-framework.ts', 'utf8').trimEnd().split('\n');
    assert.ok(lines.length < 60, `${lines.length} lines`);
  });

  it('runs its tasks on the offers it gets, hears of their ends, and removes itself', async () => {
    const group = new FakeGroup();
    const { server, address } = await serve(group);
    group.onSubscribed = () => group.tell({ type: 'OFFERS', offers: { offers: [offer('o1', 0.2)] } });
    let offered = false;
    group.onCall = (call) => {
      if (call.type !== 'ACCEPT') return;
      for (const { task_id: task } of call.accept.operations?.[0]?.launch?.task_infos ?? []) {
        const status = { task_id: task, state: 'TASK_FINISHED', agent_id: { value: 'a' } } as const;
        group.tell({ type: 'UPDATE', update: { status: { ...status, uuid: Buffer.from(task.value) } } });
      }
      if (!offered) group.tell({ type: 'OFFERS', offers: { offers: [offer('o2', 4)] } });
      offered = true;
    };
    const ends = await runTasks(3, [address], () => undefined);
    assert.deepEqual(
      [...ends],
      [0, 1, 2].map((n) => [`example-${n}`, 'TASK_FINISHED']),
    );
    assert.equal(group.executed.filter((type) => type === 'ACKNOWLEDGE').length, 2, 'the last one ends it');
    assert.equal(group.executed.at(-1), 'TEARDOWN');
    await server.stop(1000);
  });
});

function offer(id: string, cpus: number): mesos.Offer {
  const resources: mesos.Resource[] = [
    { name: 'cpus', type: 'SCALAR', scalar: { value: cpus } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 1024 } },
  ];
  const ids = { id: { value: id }, framework_id: { value: 'f' }, agent_id: { value: 'a' } };
  return { ...ids, hostname: 'h', resources };
}
