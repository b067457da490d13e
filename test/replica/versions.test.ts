import assert from 'node:assert/strict';
import { TepuiError, memberOf, type NodeId } from '../../lib/base/index.js';
import { SnapshotIntake } from '../../lib/replica/snapshot-receiver.js';
import type { Outcome, ReplicaLimits } from '../../lib/replica/index.js';
import { COMMAND_LEVEL, encodeCommand, type Command, type PlainCommand } from '../../lib/state/index.js';
import { recordKey } from '../../lib/storage/keys.js';
import { Slab } from '../../lib/storage/slab.js';
import { encodeRecord } from '../../lib/storage/state-codec.js';
import { quiet } from '../support/quiet.js';
import { Group } from './group.js';

/** Little is kept of the log, so that whoever is away for a moment needs the state. */
const SHORT_LOG: Partial<ReplicaLimits> = { logTailEntries: 4, cutIntervalMs: 40, logCacheBytes: 0 };
/** The newest command there is. */
const NEWEST: PlainCommand = { kind: 'alarm-clear', index: 1 };
const CREATE = encodeCommand({ kind: 'tree-create', path: '/newer', data: new Uint8Array(0) });

function info(node: NodeId, commandLevel: number, release: string): Command {
  const member = memberOf(node);
  const doors = { http: '', grpc: '', peer: '', zookeeper: '' };
  return { kind: 'member-info', node, member, doors, release, commandLevel, memoryBudgetBytes: 0 };
}

async function end(group: Group, id: string, command: Command): Promise<Outcome> {
  const proposal: { outcome: Outcome | null } = { outcome: null };
  group.command(id, command, proposal);
  await group.until(`an end of ${command.kind}`, () => proposal.outcome !== null);
  return proposal.outcome!;
}

/** Every member says what it runs, as it does at each start. */
async function announce(group: Group, levels: readonly (readonly [number, string])[]): Promise<void> {
  for (const [i, [level, release]] of levels.entries()) {
    const id = group.ids[i]!;
    const outcome = await end(group, id, info(group.at(id).disk.identity.nodeId, level, release));
    assert.equal(outcome.kind, 'applied');
  }
  await group.untilLevel();
}

const NEW = [COMMAND_LEVEL, '0.2.0'] as const;
const OLD = [1, '0.1.0'] as const;

describe('replica: members of several releases', () => {
  it('a new command is refused at every member until the last one knows it, and then taken at every member', async () => {
    const group = await Group.serving();
    for (const upgraded of [0, 1, 2]) {
      await announce(
        group,
        group.ids.map((_, i) => (i < upgraded ? NEW : OLD)),
      );
      for (const id of group.ids) {
        const outcome = await end(group, id, NEWEST);
        assert(outcome.kind === 'refused' && outcome.code === 'UNSUPPORTED', JSON.stringify(outcome));
        assert.match(outcome.message, /m3 runs release 0\.1\.0, which knows level 1$/);
        assert.equal((await group.create(id)).outcome?.kind, 'applied', 'what all know goes on');
      }
    }
    await announce(group, [NEW, NEW, NEW]);
    for (const id of group.ids) assert.equal((await end(group, id, NEWEST)).kind, 'applied');
    await group.untilLevel();
    group.check();
  });

  it('what a member has told survives the leader and a restart: a rolling upgrade may take its time', async () => {
    const group = await Group.serving({ limits: SHORT_LOG });
    await announce(group, [NEW, OLD, NEW]);
    for (let n = 0; n < 20; n++) await group.create('m1');
    group.leader!.crash();
    await group.untilServing();
    for (const { id } of group.alive) {
      const outcome = await end(group, id, NEWEST);
      assert(outcome.kind === 'refused' && outcome.code === 'UNSUPPORTED');
    }
    await group.startAll();
    await group.untilServing();
    for (const id of group.ids) await group.restart(id);
    await group.untilServing();
    assert.equal((await end(group, 'm1', NEWEST)).kind, 'refused');
    await announce(group, [NEW, NEW, NEW]);
    assert.equal((await end(group, 'm1', NEWEST)).kind, 'applied');
    await group.untilLevel();
    group.check();
  });

  it('a command that nobody here knows is refused where it is proposed, and reaches no log', async () => {
    const group = await Group.serving();
    const before = group.leader!.member.status().lastIndex;
    for (const bytes of [Uint8Array.of(99, 1), Uint8Array.from(CREATE, (byte, i) => (i === 1 ? 2 : byte))]) {
      const ends: Outcome[] = [];
      group.at('m1').member.propose(bytes, (outcome) => ends.push(outcome));
      await group.until('an end', () => ends.length > 0);
      const [outcome] = ends;
      assert(outcome?.kind === 'refused' && outcome.code === 'UNSUPPORTED');
      assert.match(outcome.message, /is unknown to this release \(command level \d+\)$/);
    }
    assert.equal(group.leader!.member.status().lastIndex, before);
  });
});

describe('replica: what a newer release wrote', () => {
  it('into the log stops a member with the release to start, which its status repeats after a restart', async () => {
    const group = await Group.serving({ limits: { cutIntervalMs: 30 } });
    await announce(group, [NEW, NEW, [9, '0.9.0']]);
    await group.pass(100);
    const victim = group.at('m2');
    const { machine } = victim.member;
    const apply = machine.apply.bind(machine);
    const sets = encodeCommand({ kind: 'tree-set', path: '/', data: new Uint8Array(0), expectedVersion: -1 });
    // To this member alone the command is one of the future.
    machine.apply = (index, term, data) => {
      const at = Buffer.from(data).indexOf(sets);
      if (at < 0) return apply(index, term, data);
      const forged = data.slice();
      forged[at] = 99;
      return apply(index, term, forged);
    };
    const outcome = await end(group, 'm1', {
      kind: 'tree-set',
      path: '/',
      data: new Uint8Array(0),
      expectedVersion: -1,
    });
    assert.equal(outcome.kind, 'applied', 'the others know it');
    await group.until('it ends', () => !victim.alive);
    const error = group.ends[0]?.error;
    assert(error instanceof TepuiError && error.code === 'NEWER_FORMAT');
    const needed = /command 99 version 1 is unknown .* it needs a newer one: m3 runs 0\.9\.0 \(level 9\)/;
    assert.match(error.message, needed);
    const again = await group.start(victim.id);
    await group.pass(2000);
    assert.match(
      again.member.status().trouble ?? '',
      /^halted before entry \d+, which broke this release: command 99/,
    );
    assert.match(again.member.status().trouble ?? '', needed);
    assert.equal(again.member.status().lastIndex, group.leader!.member.status().lastIndex, 'it replicates');
    assert.equal(group.ends.length, 1);
  });

  it('as a record of a snapshot is refused before anything is installed, and taken when it is gone', async () => {
    const group = await Group.serving({ limits: SHORT_LOG });
    const laggard = group.followers[0]!.id;
    await group.create(laggard);
    await group.untilLevel();
    await group.pass(100);
    const before = group.at(laggard).member.status();
    group.at(laggard).crash();
    for (let n = 0; n < 30; n++) await group.create(group.leader!.id);
    await group.pass(100);
    const key = Uint8Array.of(1);
    const forged = encodeRecord({ table: 77, key, value: Uint8Array.of(1) }, new Slab());
    const others = group.alive.map(({ id }) => id);
    for (const id of others) group.disks.get(id)!.tamper('state', [{ type: 'put', ...forged }]);
    const process = await group.start(laggard);
    await group.pass(3000);
    const { revision, appliedIndex } = process.member.status();
    assert.deepEqual([revision, appliedIndex], [before.revision, before.appliedIndex]);
    assert.equal(process.resets, 0);
    assert.deepEqual(group.ends, [], 'nobody ends for it');
    const gone = { type: 'delete', key: recordKey(77, key, new Slab()) } as const;
    for (const id of others) group.disks.get(id)!.tamper('state', [gone]);
    await group.untilLevel();
    assert.equal(process.resets, 1);
    group.check();
  });

  it('as a whole snapshot is refused at its first word, with version and release', async () => {
    let received = 0;
    const intake = new SnapshotIntake({
      receive: () => {
        received++;
        return Promise.reject(new Error('asked for a folder'));
      },
      appliedIndex: () => 0,
      install: () => Promise.resolve(true),
      fatal: (error) => assert.fail(String(error)),
      logger: quiet,
    });
    const from = 'm3@0000000000000003' as NodeId;
    const start = { snapshotId: 's', from, term: 1, meta: new Uint8Array(0), version: 2, release: '0.9.0' };
    await assert.rejects(intake.offered(start), (error: unknown) => {
      assert(error instanceof TepuiError && error.code === 'NEWER_FORMAT');
      const expected = `the snapshot of ${from} (release 0.9.0) has version 2; this release reads up to version 1`;
      assert.equal(error.message, expected);
      return true;
    });
    assert.equal(received, 0);
  });
});
