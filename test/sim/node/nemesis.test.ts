import assert from 'node:assert/strict';
import { SeededRandom } from '../../../lib/base/index.js';
import type { DiskAction } from '../../../lib/storage/index.js';
import { Schedule } from '../schedule.js';
import { failWrite } from './damage.js';
import { NodeNemesis } from './nemesis.js';
import type { SimNode } from './node.js';
import { drawNodeOptions } from './options.js';
import { NodeTrace } from './trace.js';
import { World } from './world.js';

const WRITES: readonly DiskAction[] = ['kv raft', 'kv state', 'slots witness'];

/** Machines on which no process runs, and what strikes them. */
function idle(): { readonly nodes: readonly SimNode[]; readonly nemesis: NodeNemesis } {
  const schedule = new Schedule();
  const options = drawNodeOptions(new SeededRandom(1));
  const world = new World(options, new SeededRandom(2), schedule, new NodeTrace(null));
  for (const node of world.nodes) node.barred = true;
  const nemesis = new NodeNemesis(world, options.faults, schedule, new SeededRandom(3));
  return { nodes: world.nodes, nemesis };
}

describe('the end of faults', () => {
  it('takes back the errors of writes that have not come', () => {
    const { nodes, nemesis } = idle();
    const random = new SeededRandom(4);
    for (const node of nodes) {
      failWrite('no-space', node.disk, random);
      node.failing = true;
    }
    nemesis.stop();
    for (const { disk, failing, id } of nodes) {
      for (const write of WRITES) assert.equal(disk.memory.takeFault(write), null, `${id}: ${write}`);
      assert.equal(failing, false, `${id} may still end of a write`);
    }
  });

  it('still excuses a process that met its error and has not ended yet', () => {
    const { nodes, nemesis } = idle();
    for (const node of nodes) node.failing = true;
    nemesis.stop();
    assert.ok(nodes.every(({ failing }) => failing));
  });
});
