import assert from 'node:assert/strict';
import { TepuiError } from '../../lib/base/index.js';
import type { ChangeMembersReply, ChangeMembersRequest } from '../../lib/wire/index.js';
import { Harness, answerStatus } from './harness.js';

const UPKEEP = { promoteAfterMs: 2000, removeDeadAfterMs: 0, unstableLosses: 6, unstableWindowMs: 600_000 };
const TOKEN = `0123456789abcdef.${'5'.repeat(48)}`;

function answer(change: object = {}): ChangeMembersReply {
  const nobody = { voters: ['m1', 'm2'], learners: [], token: null, tokenExpiresMs: 0 };
  return { index: 77, upkeep: UPKEEP, ...nobody, ...change } as unknown as ChangeMembersReply;
}

describe('tepui members', () => {
  let harness: Harness;
  let asked: ChangeMembersRequest[];
  let addresses: string[];
  let reply: (request: ChangeMembersRequest, address: string) => ChangeMembersReply;

  beforeEach(() => {
    harness = new Harness();
    asked = [];
    addresses = [];
    reply = () => answer();
    harness.group.answers.set('changeMembers', (address, request) => {
      asked.push(request as ChangeMembersRequest);
      addresses.push(address);
      return reply(request as ChangeMembersRequest, address);
    });
  });

  it('add prints the command that the new master is started with', async () => {
    answerStatus(harness.group, 'm1');
    reply = () => answer({ token: TOKEN, tokenExpiresMs: 5 });
    const { out, exitCode } = await harness.run('members', 'add', 'm4', '--replaces', 'm2');
    assert.equal(exitCode, 0);
    assert.deepEqual(asked, [{ kind: 'add', id: 'm4', replaces: 'm2' }]);
    assert(
      out.includes(`tepui master --join ${TOKEN} --id m4 --data-dir FOLDER --masters 10.0.0.1:5070\n`),
      out,
    );
  });

  it('add --json has the token, its end, and where to join', async () => {
    answerStatus(harness.group, 'm1');
    reply = () => answer({ token: TOKEN, tokenExpiresMs: 5 });
    await harness.run('members', 'add', '--json');
    const members = ['10.0.0.1:5070', '10.0.0.2:5070', '10.0.0.3:5070'];
    assert.deepEqual(harness.lines(), [{ index: 77, token: TOKEN, expiresAtMs: 5, members }]);
  });

  for (const verb of ['remove', 'promote', 'demote'] as const) {
    it(`${verb} takes a member and says who is in the group then`, async () => {
      reply = () => answer({ voters: ['m1'], learners: ['m2', 'm3'] });
      const { out } = await harness.run('members', verb, 'm3');
      assert.deepEqual(asked, [{ kind: verb, value: 'm3' }]);
      assert.equal(out, 'm1 votes; m2, m3 learn\n');
    });
  }

  it('replace takes two members, or prints a token for the second', async () => {
    await harness.run('members', 'replace', 'm2', 'm4');
    answerStatus(harness.group, 'm1');
    reply = () => answer({ token: TOKEN });
    await harness.run('members', 'replace', 'm2');
    assert.deepEqual(asked, [
      { kind: 'replace', member: 'm2', by: 'm4' },
      { kind: 'add', id: null, replaces: 'm2' },
    ]);
  });

  it('--json is the same for every change', async () => {
    await harness.run('members', 'remove', 'm3', '--json');
    assert.deepEqual(harness.lines(), [{ index: 77, voters: ['m1', 'm2'], learners: [] }]);
  });

  it('a refusal is exit code 3 and changes nothing', async () => {
    reply = () => {
      throw new TepuiError('QUORUM_AT_RISK', '2 voters, 1 reachable after removal of m2, 2 needed');
    };
    const { exitCode, err } = await harness.run('members', 'remove', 'm2');
    assert.equal(exitCode, 3);
    assert.match(err, /2 voters, 1 reachable after removal of m2, 2 needed \[QUORUM_AT_RISK\]/);
    assert.equal(asked.length, 1);
  });

  it('a removal that the removed member cannot tell the end of is confirmed by another one', async () => {
    reply = (request, address) => {
      if (request.kind === 'show') return answer();
      if (address === addresses[0]) throw new TepuiError('OUTCOME_UNKNOWN', 'the leader was lost');
      throw new TepuiError('UNKNOWN_MEMBER', 'm1 is none of m2, m3');
    };
    const { exitCode, out } = await harness.run('members', 'remove', 'm1');
    assert.equal(exitCode, 0);
    assert.equal(out, 'm1, m2 vote\n');
    assert.deepEqual(
      asked.map(({ kind }) => kind),
      ['remove', 'remove', 'show'],
    );
    assert.notEqual(addresses[1], addresses[0]);
  });

  it('a member that was unknown from the beginning is refused', async () => {
    reply = () => {
      throw new TepuiError('UNKNOWN_MEMBER', 'm9 is none of m1, m2');
    };
    assert.equal((await harness.run('members', 'remove', 'm9')).exitCode, 3);
  });

  it('a change of which nobody can tell the end is exit code 4', async () => {
    reply = () => {
      throw new TepuiError('OUTCOME_UNKNOWN', 'the leader was lost');
    };
    assert.equal((await harness.run('members', 'demote', 'm2')).exitCode, 4);
  });

  it('policy without flags changes nothing', async () => {
    const { out } = await harness.run('members', 'policy');
    assert.deepEqual(asked, [{ kind: 'show', value: true }]);
    assert.equal(
      out,
      'promote-after        2 s\nremove-dead-after    off\ndemote-after-losses  6 within 600 s\n',
    );
  });

  it('policy changes what its flags name and leaves the rest', async () => {
    await harness.run('members', 'policy', '--promote-after', 'off', '--loss-window', '60');
    assert.deepEqual(asked[1], { kind: 'setUpkeep', ...UPKEEP, promoteAfterMs: 0, unstableWindowMs: 60_000 });
  });

  it('policy refuses what is no number', async () => {
    const { exitCode, err } = await harness.run('members', 'policy', '--promote-after', 'soon');
    assert.equal(exitCode, 2);
    assert.match(err, /--promote-after takes a whole number above 0, or off; not soon/);
    assert.deepEqual(asked, []);
  });
});
