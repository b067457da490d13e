import assert from 'node:assert/strict';
import { describeChanges, describeLeader } from '../../../lib/node/dev/changes.js';
import { agentRow, masterRow, picture, silentRow, taskRow } from './pictures.js';

const NO_LEADER = picture({ leader: null, trouble: 'no leader for 0.1 s: 2 of 3 voters reachable' });

describe('who leads, to those who read lines', () => {
  it('is told with the term when it is known first', () => {
    assert.deepEqual(describeLeader(null, picture(), null), ['leader m1, term 4']);
  });

  it('is told when another one leads, with the time without a leader', () => {
    const next = picture({ leader: 'm2' });
    assert.deepEqual(describeLeader(picture(), next, 249), ['leader m2, term 4, after 0.2 s without one']);
  });

  it('is told when there is none, in the words of the members', () => {
    assert.deepEqual(describeLeader(picture(), NO_LEADER, null), [
      'no leader for 0.1 s: 2 of 3 voters reachable',
    ]);
    const waiting = { ...NO_LEADER, trouble: 'waiting to hear from a majority' };
    assert.deepEqual(describeLeader(picture(), waiting, null), [
      'no leader: waiting to hear from a majority',
    ]);
  });

  it('is told when nobody answers at all', () => {
    const mute = { ...NO_LEADER, trouble: '' };
    assert.deepEqual(describeLeader(null, mute, null), ['no leader: no master answers yet']);
  });

  it('is told once: nothing more while nothing changes', () => {
    assert.deepEqual(describeLeader(picture(), picture(), null), []);
    assert.deepEqual(describeLeader(NO_LEADER, { ...NO_LEADER, trouble: 'no leader for 0.2 s' }, null), []);
  });

  it('is told without a term when the leader itself does not answer', () => {
    const paused = picture({ masters: [silentRow('m1', 'unreachable'), masterRow('m2')] });
    assert.deepEqual(describeLeader(null, paused, null), ['leader m1']);
  });
});

describe('changes between two looks', () => {
  it('are everything at the first', () => {
    const first = picture({ masters: [masterRow('m1')], agents: [agentRow('a1')], tasks: [taskRow('t')] });
    assert.deepEqual(describeChanges(null, first), [
      'master m1: leader (pid 101)',
      'agent a1: registered (pid 201)',
      'task t: TASK_RUNNING on a1',
    ]);
  });

  it('are none while only counts move', () => {
    const progress = { term: 4, appliedIndex: 99, lag: 9, healthy: true };
    const later = picture({ masters: ['m1', 'm2', 'm3'].map((id) => masterRow(id, { progress })) });
    assert.deepEqual(describeChanges(picture(), later), []);
  });

  it('name a master that is down, without a pid', () => {
    const later = picture({ masters: [silentRow('m1', 'down'), masterRow('m2'), masterRow('m3')] });
    assert.deepEqual(describeChanges(picture(), later), ['master m1: down']);
  });

  it('name an agent whose state is another', () => {
    const later = picture({ agents: [agentRow('a1', { state: 'disconnected' }), agentRow('a2')] });
    assert.deepEqual(describeChanges(picture(), later), ['agent a1: disconnected (pid 201)']);
  });

  it('name tasks that are new, have another state, or have ended', () => {
    const before = picture({ tasks: [taskRow('gone'), taskRow('held', { state: 'TASK_STAGING' })] });
    const later = picture({ tasks: [taskRow('held'), taskRow('new')] });
    assert.deepEqual(describeChanges(before, later), [
      'task held: TASK_RUNNING on a1',
      'task new: TASK_RUNNING on a1',
      'task gone: ended',
    ]);
  });

  it('know tasks of one id apart by their framework', () => {
    const before = picture({ tasks: [taskRow('t', { framework: 'x' })] });
    const later = picture({ tasks: [taskRow('t', { framework: 'x' }), taskRow('t', { framework: 'y' })] });
    assert.deepEqual(describeChanges(before, later), ['task t: TASK_RUNNING on a1']);
  });
});
