import assert from 'node:assert/strict';
import type { CallReply } from '../../lib/replica/index.js';
import { Group } from './group.js';
import type { TestProcess } from './process.js';

const METHOD = 7;

function call(process: TestProcess): { reply: CallReply | null } {
  const end: { reply: CallReply | null } = { reply: null };
  process.member.callLeader(METHOD, Buffer.from('?'), (reply) => {
    assert(end.reply === null, 'a second answer');
    end.reply = reply;
  });
  return end;
}

/** Every member answers calls while it leads, with its id. */
function answering(group: Group): void {
  for (const { id, member } of group.alive) {
    member.handleCalls(METHOD, (_from, _body, reply) => {
      reply({ ok: true, revision: member.machine.revision, body: Buffer.from(id) });
    });
  }
}

function text(end: { reply: CallReply | null }): string {
  assert(end.reply?.ok === true, JSON.stringify(end.reply));
  return Buffer.from(end.reply.body).toString();
}

describe('replica: calls to the leader', () => {
  it('are run by the leader, wherever they are made', async () => {
    const group = await Group.serving();
    answering(group);
    const ends = group.alive.map(call);
    await group.until('all are answered', () => ends.every(({ reply }) => reply !== null));
    assert.deepEqual(
      ends.map(text),
      group.ids.map(() => group.leader!.id),
    );
  });

  it('wait for a leader when there is none', async () => {
    const group = await Group.serving();
    answering(group);
    group.leader!.crash();
    const [one] = group.alive;
    await group.until('the loss is known', () => one!.member.leadership().kind === 'none');
    const end = call(one!);
    await group.until('an answer', () => end.reply !== null);
    assert.equal(text(end), group.leader!.id);
  });

  it('end as unknown when their leader is lost before it answers', async () => {
    const group = await Group.serving();
    let ran = 0;
    group.leader!.member.handleCalls(METHOD, () => ran++);
    const [follower] = group.followers;
    const end = call(follower!);
    await group.until('it runs', () => ran === 1);
    group.leader!.crash();
    await group.until('it ends', () => end.reply !== null);
    assert(end.reply?.ok === false && end.reply.unknown && end.reply.code === 'OUTCOME_UNKNOWN');
  });

  it('are answered after the revision of the answer is applied where they were made', async () => {
    const group = await Group.serving();
    const { leader } = group;
    const [follower] = group.followers;
    leader!.member.handleCalls(METHOD, (_from, _body, reply) => {
      reply({ ok: true, revision: leader!.member.machine.revision + 1, body: Buffer.from('ahead') });
    });
    const end = call(follower!);
    await group.pass(100);
    assert.equal(end.reply, null);
    const { path } = await group.create(leader!.id);
    await group.until('it is answered', () => end.reply !== null);
    assert(group.has(follower!.id, path));
  });

  it('never take an answer meant for the process before', async () => {
    const group = await Group.serving();
    const { leader } = group;
    const follower = group.followers[0]!.id;
    const replies: ((reply: CallReply) => void)[] = [];
    leader!.member.handleCalls(METHOD, (_from, _body, reply) => replies.push(reply));
    call(group.at(follower));
    await group.until('it runs', () => replies.length === 1);
    const next = await group.restart(follower);
    await group.untilServing();
    const end = call(next);
    await group.until('it runs', () => replies.length === 2);
    replies[0]!({ ok: true, revision: 0, body: Buffer.from('old') });
    await group.pass(50);
    assert.equal(end.reply, null);
    replies[1]!({ ok: true, revision: 0, body: Buffer.from('new') });
    await group.until('it is answered', () => end.reply !== null);
    assert.equal(text(end), 'new');
  });

  it('end when the member stops, and are refused from then on', async () => {
    const group = await Group.serving();
    const [follower] = group.followers;
    group.leader!.member.handleCalls(METHOD, () => {});
    const under = call(follower!);
    await group.pass(20);
    const stopping = follower!.stop();
    const after = call(follower!);
    await group.pass(20);
    await stopping;
    assert(under.reply?.ok === false && under.reply.unknown);
    assert(after.reply === null || (!after.reply.ok && after.reply.code === 'SHUTTING_DOWN'));
  });
});

describe('replica: news and signs of life', () => {
  it('pushes news to the services behind any member', async () => {
    const group = await Group.serving();
    const got: string[] = [];
    for (const { id, member } of group.alive) {
      member.listen({
        push: (from, topic, body) => got.push(`${id} ${topic} ${Buffer.from(body).toString()} ${from}`),
      });
    }
    const { leader } = group;
    for (const id of group.ids) leader!.member.push(id, 3, Buffer.from('offer'));
    await group.pass(50);
    assert.deepEqual(
      got.sort(),
      group.ids.map((id) => `${id} 3 offer ${leader!.id}`),
    );
  });

  it('a leader acknowledges signs of life only while a quorum stands behind it', async () => {
    const group = await Group.serving();
    const { leader } = group;
    const [one, two] = group.followers;
    const heard: string[] = [];
    for (const { id, member } of group.alive) member.listen({ livenessAcknowledged: () => heard.push(id) });
    one!.member.reportLiveness(Buffer.from('x'));
    leader!.member.reportLiveness(Buffer.from('x'));
    await group.pass(30);
    assert.deepEqual(heard.sort(), [leader!.id, one!.id].sort());
    heard.length = 0;
    two!.crash();
    group.isolate(leader!.id);
    await group.pass(450);
    leader!.member.reportLiveness(Buffer.from('x'));
    await group.pass(100);
    assert.deepEqual(heard, []);
  });

  it('confirms leadership by a quorum asked afterwards, and not at a member that lost it', async () => {
    const group = await Group.serving();
    const { leader } = group;
    const ends: boolean[] = [];
    leader!.member.verifyLeadership((confirmed) => ends.push(confirmed));
    await group.pass(50);
    group.isolate(leader!.id);
    leader!.member.verifyLeadership((confirmed) => ends.push(confirmed));
    await group.pass(1500);
    assert.deepEqual(ends, [true]);
    group.healAll();
    await group.until('the second ends', () => ends.length === 2);
    assert.deepEqual(ends, [true, false]);
  });
});
