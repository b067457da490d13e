import assert from 'node:assert/strict';
import type { AgentSummary, MemberStatus } from '../../../lib/client/index.js';
import { drawPicture, type Picture, type Pids } from '../../../lib/node/dev/picture.js';
import { agent, ALL_LIVE, clusterStatus, member, NONE_LIVE, PLAN, seen, task } from './pictures.js';

function masters(
  members: readonly MemberStatus[],
  pids: Pids,
  answered: readonly number[] = [],
): Picture['masters'] {
  const leader = members.find(({ role }) => role === 'leader')?.id ?? null;
  const status = clusterStatus({ members, leader });
  return drawPicture(PLAN, seen({ status, answered: new Set(answered) }), pids).masters;
}

function agents(list: readonly AgentSummary[], pids: Pids): Picture['agents'] {
  return drawPicture(PLAN, seen({ agents: list }), pids).agents;
}

describe('the picture of masters', () => {
  it('shows what each says of itself', () => {
    const [row] = masters([member('m1', { appliedIndex: 40, lastIndex: 42 })], ALL_LIVE);
    assert.deepEqual(row, {
      id: 'm1',
      pid: 101,
      grpc: '127.0.0.1:5060',
      voter: true,
      role: 'leader',
      progress: { term: 4, appliedIndex: 40, lag: 2, healthy: true },
    });
  });

  it('counts the lag from the furthest member', () => {
    const rows = masters([member('m1', { lastIndex: 60, appliedIndex: 60 }), member('m2')], ALL_LIVE);
    assert.deepEqual([rows[0]!.progress?.lag, rows[1]!.progress?.lag], [0, 10]);
  });

  it('believes one that answers, though the process that dev started is dead: somebody started it again', () => {
    const [row] = masters([member('m1', { pid: 4711, role: 'follower' })], NONE_LIVE);
    assert.deepEqual([row!.role, row!.pid], ['follower', 4711]);
  });

  it('calls it down when it does not answer and its process has ended, with no numbers', () => {
    const [row] = masters([member('m1', { role: 'unreachable' })], NONE_LIVE, [101]);
    assert.deepEqual([row!.role, row!.pid, row!.progress], ['down', null, null]);
  });

  it('calls it unreachable when its process lives and has answered before', () => {
    const [row] = masters([member('m1', { role: 'unreachable' })], ALL_LIVE, [101]);
    assert.deepEqual([row!.role, row!.pid, row!.progress], ['unreachable', 101, null]);
  });

  it('calls it starting until its process first answers, whatever a former one did', () => {
    const rows = masters([], ALL_LIVE, [99]);
    assert.deepEqual(
      rows.map(({ role }) => role),
      ['starting', 'starting', 'starting'],
    );
  });

  it('calls one outside that the group of a leader does not have: its vote is not counted, and nobody starts it again', () => {
    const row = masters([member('m1'), member('m2')], NONE_LIVE)[2]!;
    assert.deepEqual([row.role, row.voter], ['outside', false]);
  });

  it('calls one outside that was removed and does not know it: it stands for election without a vote', () => {
    const former = member('m3', { role: 'candidate', voter: false });
    const rows = masters([member('m1'), member('m2'), former], ALL_LIVE);
    assert.deepEqual(
      rows.map(({ role }) => role),
      ['leader', 'follower', 'outside'],
    );
    const leaderless = ['m1', 'm2', 'm3'].map((id) => member(id, { role: 'candidate', voter: false }));
    assert.equal(masters(leaderless, ALL_LIVE)[2]!.role, 'candidate');
  });

  it('has a row for a member that joined later', () => {
    const joined = member('m4', { role: 'learner', voter: false });
    const row = masters([member('m1'), joined], ALL_LIVE)[3]!;
    assert.deepEqual([row.id, row.role, row.voter, row.grpc], ['m4', 'learner', false, '127.0.0.1:5360']);
  });
});

describe('the picture of agents', () => {
  it('shows what each uses of what it has', () => {
    assert.deepEqual(agents([agent('a1')], ALL_LIVE)[0], {
      id: 'a1',
      pid: 201,
      state: 'registered',
      use: { cpus: 0.5, cpusTotal: 4, memMb: 160, memTotalMb: 4096, tasks: 5 },
    });
  });

  it('says that one is not registered while the group does not know it', () => {
    assert.deepEqual(agents([], ALL_LIVE)[1], { id: 'a2', pid: 202, state: 'not registered', use: null });
  });

  it('takes the registered one of several under one name, wherever it stands in the list', () => {
    const former = agent('a1', { state: 'unreachable', tasks: 1 });
    const present = agent('a1', { state: 'registered', tasks: 2 });
    assert.equal(agents([present, former], ALL_LIVE)[0]!.use?.tasks, 2);
    assert.equal(agents([former, present], ALL_LIVE)[0]!.use?.tasks, 2);
  });

  it('takes the last one under a name when none is registered', () => {
    const list = [agent('a1', { state: 'unreachable' }), agent('a1', { state: 'disconnected' })];
    assert.equal(agents(list, ALL_LIVE)[0]!.state, 'disconnected');
  });

  it('names the process in the folder of one that is registered but was not started by dev', () => {
    const byHand = { child: () => null, folder: (folder: string) => (folder === '/dev/a1' ? 4712 : null) };
    assert.equal(agents([agent('a1')], byHand)[0]!.pid, 4712);
    assert.equal(agents([agent('a1', { state: 'disconnected' })], byHand)[0]!.pid, null);
  });

  it('has a row for a registered agent that joined, and none for one that left', () => {
    const list = [agent('a1'), agent('a2'), agent('guest'), agent('former', { state: 'unreachable' })];
    assert.deepEqual(
      agents(list, ALL_LIVE).map(({ id, pid }) => [id, pid]),
      [
        ['a1', 201],
        ['a2', 202],
        ['guest', null],
      ],
    );
  });
});

describe('the picture of tasks', () => {
  it('names agent and framework as people do', () => {
    const { tasks } = drawPicture(PLAN, seen({ tasks: [task('t')] }), ALL_LIVE);
    assert.deepEqual(tasks, [
      { id: 't', framework: 'sample', agent: 'a1', state: 'TASK_RUNNING', launchedAtMs: 1000 },
    ]);
  });

  it('names them by id where the name is not known, or is empty', () => {
    const nameless = agent('', { id: 'id-of-a1' as AgentSummary['id'] });
    const { tasks } = drawPicture(
      PLAN,
      seen({ agents: [nameless], frameworks: [], tasks: [task('t')] }),
      ALL_LIVE,
    );
    assert.deepEqual([tasks[0]!.agent, tasks[0]!.framework], ['id-of-a1', 'id-of-sample']);
  });
});
