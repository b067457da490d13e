import assert from 'node:assert/strict';
import { amount, hasEnded, scalar, taskInfo, timesFitting, type Offer } from '../../lib/client/index.js';

const OFFER: Offer = {
  id: { value: 'o' },
  framework_id: { value: 'f' },
  agent_id: { value: 'a' },
  hostname: 'h',
  resources: [scalar('cpus', 0.1), scalar('cpus', 0.2), scalar('mem', 100)],
  allocation_info: { role: 'web' },
};

describe('helpers for tasks', () => {
  it('add up the parts of a resource, to three decimal places as Mesos does', () => {
    assert.equal(amount(OFFER, 'cpus'), 0.3);
    assert.equal(amount(OFFER, 'gpus'), 0);
  });

  it('count how often a demand fits, without rounding errors', () => {
    assert.equal(timesFitting(OFFER, { cpus: 0.1, memMb: 10 }), 3);
    assert.equal(timesFitting(OFFER, { cpus: 0.1, memMb: 40 }), 2);
    assert.equal(timesFitting(OFFER, { cpus: 1, memMb: 10 }), 0);
  });

  it('take the resources of a task out of the role that the offer was made to', () => {
    const { resources } = taskInfo(OFFER, { id: 't', command: 'true', cpus: 0.1, memMb: 10 });
    assert.deepEqual(resources?.[0], { ...scalar('cpus', 0.1), allocation_info: { role: 'web' } });
  });

  it('give a command line to a shell, and a list to none', () => {
    const demand = { id: 't', cpus: 0.1, memMb: 10 };
    assert.deepEqual(taskInfo(OFFER, { ...demand, command: 'a | b' }).command, {
      shell: true,
      value: 'a | b',
    });
    assert.deepEqual(taskInfo(OFFER, { ...demand, command: ['a', '|'] }).command, {
      shell: false,
      value: 'a',
      arguments: ['a', '|'],
    });
  });

  it('do not take an unreachable task for ended', () => {
    assert.equal(hasEnded('TASK_UNREACHABLE'), false);
    assert.equal(hasEnded('TASK_KILLING'), false);
    assert.equal(hasEnded('TASK_GONE'), true);
  });
});
