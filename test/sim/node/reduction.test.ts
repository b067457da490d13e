import assert from 'node:assert/strict';
import { SeededRandom } from '../../../lib/base/index.js';
import { drawNodeOptions } from './options.js';
import { PARTS, flagsOf, reduced } from './reduction.js';

describe('a reduction of a simulated run', () => {
  it('leaves out what it names and nothing else', () => {
    const options = drawNodeOptions(new SeededRandom(7));
    assert.deepEqual(reduced(options, { without: [] }), options);
    const bare = reduced(options, { without: PARTS, clients: 1 });
    assert.deepEqual(
      Object.values({ ...bare.faults, downMs: 0, cutLastsMs: 0, pauseLastsMs: 0, damages: 0 }),
      Object.keys(bare.faults).map(() => 0),
    );
    assert.deepEqual(bare.limits, options.limits);
    assert.equal(bare.clients.count, 1);
  });

  it('says how to run it again', () => {
    const flags = flagsOf({ without: ['cuts', 'tasks'], faultSeconds: 5, clients: 1 });
    assert.equal(flags, '--without cuts tasks --fault-seconds 5 --clients 1');
  });
});
