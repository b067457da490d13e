import assert from 'node:assert/strict';
import type { MemberId } from '../../lib/base/index.js';
import { Harness, answerStatus, NO_INTERRUPTIONS } from './harness.js';

describe('tepui status', () => {
  let harness: Harness;

  beforeEach(() => {
    harness = new Harness();
  });

  afterEach(() => {
    assert.equal(harness.group.network.doors.size, 0, 'a finished command leaves no connection');
  });

  it('prints the JSON shape that scripts rely on, and exits 0 with a leader', async () => {
    answerStatus(harness.group, 'm2');
    const { exitCode } = await harness.run('status', '--json');
    assert.equal(exitCode, 0);
    const rest = {
      http: null,
      zk: null,
      voter: true,
      lastIndex: 1234,
      commitIndex: 1234,
      appliedIndex: 1234,
    };
    const one = (n: number, role: string): object => {
      const addresses = { grpc: `m${n}:${n}`, peer: `10.0.0.${n}:5070` };
      return {
        id: `m${n}`,
        pid: 4000 + n,
        ...addresses,
        ...rest,
        role,
        healthy: true,
        interruptions: NO_INTERRUPTIONS,
      };
    };
    assert.deepEqual(harness.lines(), [
      {
        clusterId: 'c-1',
        leader: 'm2',
        term: 7,
        members: [one(1, 'follower'), one(2, 'leader'), one(3, 'follower')],
        alarms: [],
        restored: null,
        warnings: [],
      },
    ]);
  });

  it('shows a person one line per member', async () => {
    answerStatus(harness.group, 'm2');
    const { out } = await harness.run('status');
    assert.equal(
      out,
      [
        'cluster c-1  term 7  leader m2',
        '',
        'MEMBER  ROLE      VOTER  APPLIED  LAG   PID  GRPC',
        'm1      follower  yes      1,234    0  4001  m1:1',
        'm2      leader    yes      1,234    0  4002  m2:2',
        'm3      follower  yes      1,234    0  4003  m3:3',
        '',
      ].join('\n'),
    );
  });

  it('shows an alarm with its entry and each member’s value', async () => {
    const values = [
      { member: 'm1', digest: 'a'.repeat(16) },
      { member: 'm2', digest: 'b'.repeat(16) },
    ] as { member: MemberId; digest: string }[];
    answerStatus(harness.group, 'm2', [{ kind: 'diverged', index: 77, values }]);
    const { out } = await harness.run('status');
    assert.deepEqual(out.split('\n').slice(0, 5), [
      'cluster c-1  term 7  leader m2',
      "ALARM  the members' copies differ at entry 77 and none has a majority; writes are refused",
      '  m1  aaaaaaaaaaaaaaaa',
      '  m2  bbbbbbbbbbbbbbbb',
      '',
    ]);
    const json = (await harness.run('status', '--json')).out.slice(out.length);
    assert.deepEqual((JSON.parse(json) as { alarms: unknown }).alarms, [
      { kind: 'diverged', index: 77, values },
    ]);
  });

  it('asks members that no address names, as others know them', async () => {
    answerStatus(harness.group, 'm2');
    harness.env['TEPUI_MASTERS'] = 'm1:1';
    await harness.run('status', '--json');
    assert.deepEqual(harness.group.network.dialled.toSorted(), ['m1:1', 'm2:2', 'm3:3']);
  });

  it('calls a member unreachable whose process is gone, and does not call it leader', async () => {
    answerStatus(harness.group, 'm2');
    harness.group.network.conditions.set('m2:2', 'refusing');
    const { exitCode, out } = await harness.run('status');
    assert.equal(exitCode, 1);
    assert.match(out, /no leader: 2 of 3 voters reachable \(m1 and m3; m2 refused\)/);
    assert.match(out, /^m2 {6}unreachable {2}yes {10}- {4}- {5}- {2}m2:2$/m);
  });

  it('believes the members about a leader that cannot be asked in time', async () => {
    answerStatus(harness.group, 'm2');
    harness.group.network.conditions.set('m2:2', 'stuck');
    const { out } = await harness.run('status', '--json');
    assert.match(out, /"leader":"m2"/);
    assert.match(out, /"id":"m2".*"role":"unreachable"/);
  });

  it('exits 5 when nobody answers, and says who refused', async () => {
    for (const address of ['m1:1', 'm2:2', 'm3:3']) harness.group.network.conditions.set(address, 'refusing');
    const { exitCode, out, err } = await harness.run('status');
    assert.equal(exitCode, 5);
    assert.equal(out, '');
    assert.match(err, /no master answered: m1:1 refused; m2:2 refused; m3:3 refused \[UNREACHABLE\]/);
  });

  it('prints the same shape with --json when nobody answers', async () => {
    for (const address of ['m1:1', 'm2:2', 'm3:3']) harness.group.network.conditions.set(address, 'refusing');
    const { exitCode } = await harness.run('status', '--json');
    assert.equal(exitCode, 5);
    assert.deepEqual(harness.lines(), [
      { clusterId: null, leader: null, term: 0, members: [], alarms: [], restored: null, warnings: [] },
    ]);
  });
});
