import assert from 'node:assert/strict';
import { SeededRandom, below, chance, pick, type ClusterId, type NodeId } from '../../lib/base/index.js';
import type { Outcome } from '../../lib/replica/index.js';
import {
  DEFAULT_LIMITS,
  Machine,
  encodeCommand,
  encodeEntry,
  encodeSubBatch,
  type Command,
  type CommandResult,
} from '../../lib/state/index.js';
import { snapshotOf, stagingSteps, type StagedSnapshot } from '../support/restoring.js';
import { Group } from './group.js';
import type { Proposal } from './process.js';

const RESTORE = '0123456789abcdef'.repeat(2);
const SETTLE: Command = { kind: 'restore-settle', restore: RESTORE };
const COMMIT: Command = { kind: 'restore-commit', restore: RESTORE };
/** Refusals that a restorer repeats. A member that has just been started may not know yet what the others know. */
const AGAIN: ReadonlySet<string> = new Set([
  'NO_LEADER',
  'OVERLOADED',
  'SHUTTING_DOWN',
  'RESTORED',
  'UNSUPPORTED',
]);

/** A snapshot of another group: nodes /snapshot-0 … */
function foreign(nodes: number): StagedSnapshot {
  const machine = new Machine(DEFAULT_LIMITS);
  const commands: Command[] = [
    { kind: 'cluster-init', clusterId: 'other' as ClusterId, limits: DEFAULT_LIMITS },
  ];
  for (let n = 0; n < nodes; n++)
    commands.push({ kind: 'tree-create', path: `/snapshot-${n}`, data: new Uint8Array(20) });
  const batch = encodeSubBatch('m9@0000000000000009' as NodeId, 1, 1, commands.map(encodeCommand));
  machine.apply(7, 1, encodeEntry(1000, [batch]));
  return snapshotOf(machine);
}

/** Repeats a step at one member after the other until the group has answered it. */
async function step(group: Group, command: Command): Promise<CommandResult> {
  for (let attempt = 0; ; attempt++) {
    assert(attempt < 200, `${command.kind} found nobody`);
    const living = group.alive;
    const at = living[attempt % Math.max(1, living.length)];
    const asked: { outcome: Outcome | null } = { outcome: null };
    if (at !== undefined) group.command(at.id, command, asked);
    const untilMs = group.time.monotonicMs() + 1000;
    group.time.after(1001, () => {});
    await group.until('an answer or a second', () => {
      return asked.outcome !== null || group.time.monotonicMs() >= untilMs;
    });
    const { outcome } = asked;
    if (outcome?.kind === 'applied') return outcome.result;
    if (outcome?.kind === 'refused' && !AGAIN.has(outcome.code))
      return { ok: false, revision: 0, code: outcome.code, message: outcome.message };
    if (outcome !== null) await group.pass(100);
  }
}

async function stage(group: Group, snapshot: StagedSnapshot): Promise<void> {
  for (const one of stagingSteps(snapshot, RESTORE, 8)) {
    const result = await step(group, one);
    assert.ok(result.ok, JSON.stringify(result));
  }
  for (let more = true; more;) {
    const result = await step(group, SETTLE);
    assert.ok(result.ok, JSON.stringify(result));
    more = result.value.kind === 'effect' && result.value.changed;
  }
}

function names(group: Group, id: string): string[] {
  return [...(group.at(id).member.machine.tree.children('/') ?? [])].sort();
}

function everywhere(group: Group, history: number): boolean {
  return group.alive.every(({ member }) => member.machine.restores.history === history);
}

async function serving(): Promise<Group> {
  const group = await Group.serving({ limits: { cutIntervalMs: 100, logTailEntries: 20 } });
  await group.announceAll();
  for (const id of group.ids) await group.create(id, `/before-${id}`);
  return group;
}

describe('A restore of a running group', () => {
  it('gives every member the state of the snapshot, and the group goes on in a later term', async () => {
    const group = await serving();
    await stage(group, foreign(20));
    const { term } = group.leader!.member.leadership();
    assert.ok((await step(group, COMMIT)).ok);
    await group.until('everybody is restored', () => everywhere(group, 1));
    await group.untilServing();
    assert.ok(group.leader!.member.leadership().term > term);
    for (const id of group.ids) assert.equal(names(group, id).length, 20);
    const written = await group.create('m2', '/after');
    assert.equal(written.outcome?.kind, 'applied');
    await group.untilLevel();
    for (const id of group.ids) assert.ok(group.has(id, '/after'));
  });

  it('is a matter of a moment: nobody waits for an election timeout', async () => {
    const group = await serving();
    await stage(group, foreign(20));
    const before = group.time.monotonicMs();
    await step(group, COMMIT);
    await group.untilServing();
    assert.ok(group.time.monotonicMs() - before < 100, `${group.time.monotonicMs() - before} ms`);
  });

  it('keeps who is in the group, on disk as well', async () => {
    const group = await serving();
    await stage(group, foreign(20));
    await step(group, COMMIT);
    await group.until('everybody is restored', () => everywhere(group, 1));
    await group.untilServing();
    const members = group
      .at('m1')
      .member.machine.cluster.members()
      .map(({ node }) => node);
    assert.deepEqual(members, [...group.leader!.configuration.voters]);
    await group.pass(1000);
    for (const id of group.ids) await group.restart(id);
    await group.untilServing();
    for (const id of group.ids) {
      assert.equal(names(group, id).length, 20);
      const { machine } = group.at(id).member;
      assert.equal(machine.restores.history, 1);
      assert.deepEqual(
        machine.cluster.members().map(({ node }) => node),
        members,
      );
    }
    assert.equal((await group.create('m3', '/after')).outcome?.kind, 'applied');
  });

  it('reaches a member that was down, by the log or by the state of another one', async () => {
    for (const entries of [1, 200]) {
      const group = await serving();
      const away = group.followers[0]!.id;
      group.at(away).crash();
      await stage(group, foreign(20));
      await step(group, COMMIT);
      await group.untilServing();
      for (let n = 0; n < entries; n++) await group.create(group.leader!.id, `/after-${n}`);
      await group.pass(1000);
      await group.start(away);
      await group.untilServing();
      await group.untilLevel();
      assert.deepEqual(names(group, away), names(group, group.leader!.id));
      assert.equal((await group.create(away, '/its-own')).outcome?.kind, 'applied');
    }
  });

  it('never mixes the histories, whoever dies when: 5 seeds', async () => {
    let restored = 0;
    for (let seed = 1; seed <= 5; seed++) {
      try {
        if (await churn(seed)) restored++;
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
    assert.ok(restored === 5, `${restored} were restored`);
  }).timeout(120_000);
});

interface Write extends Proposal {
  /** History that its member was in when it was made. */
  readonly made: number;
}

/**
 * A restore while everybody writes, links are cut, and members die at any moment, the leader before others. In the end
 * the state is the snapshot and what was written after it, and nobody was told anything else.
 */
async function churn(seed: number): Promise<boolean> {
  const random = new SeededRandom(seed);
  const limits = { cutIntervalMs: 20 + below(random, 200), logTailEntries: 10 + below(random, 40) };
  const group = await Group.serving({ seed, size: chance(random, 0.7) ? 3 : 5, limits });
  await group.announceAll();
  const writes: Write[] = [];
  let going = true;
  let count = 0;
  const write = (): void => {
    if (!going) return;
    for (const { id, member } of group.alive) {
      const made = member.machine.restores.history;
      if (chance(random, 0.5)) {
        const path = `/w-${++count}`;
        const one: Write = { path, at: id, life: group.at(id), outcome: null, made };
        writes.push(one);
        group.command(id, { kind: 'tree-create', path, data: new Uint8Array(0) }, one);
      }
    }
    group.time.after(1 + below(random, 10), write);
  };
  const disturb = (): void => {
    if (!going) return;
    void trouble(group, random);
    group.time.after(20 + below(random, 300), disturb);
  };
  const nodes = 10 + below(random, 60);
  const snapshot = foreign(nodes);
  write();
  disturb();
  await stage(group, snapshot);
  const committed = await step(group, COMMIT);
  assert.ok(committed.ok, JSON.stringify(committed));
  await group.pass(below(random, 500));
  going = false;
  group.healAll();
  for (const id of group.ids) if (!group.at(id).alive) await group.start(id);
  await group.until(
    'everybody serves',
    () => {
      return group.leader !== null && group.alive.every((one) => one.member.status().trouble === null);
    },
    60_000,
  );
  await group.until(
    'all ended',
    () => writes.every(({ outcome, life }) => outcome !== null || !life.alive),
    30_000,
  );
  await group.untilLevel();
  assert.ok(everywhere(group, 1));
  for (const { path, outcome, made } of writes) {
    for (const { id } of group.alive) {
      const there = group.has(id, path);
      const raised = outcome?.kind === 'applied' && outcome.result.revision > 2 ** 40;
      if (made === 0)
        assert.ok(!there, `${path} of the former history is at ${id}: ${JSON.stringify(outcome)}`);
      if (made === 0) assert.ok(!raised, `${path} was made before and ran after`);
      if (made === 1 && outcome?.kind === 'applied') assert.ok(there, `${path} was done and is not at ${id}`);
      if (outcome?.kind === 'refused') assert.ok(!there, `${path} was refused and is at ${id}`);
    }
  }
  const all = group.ids.map((id) => names(group, id).join());
  assert.equal(new Set(all).size, 1, 'trees differ');
  const kept = names(group, group.ids[0]!).filter((name) => name.startsWith('snapshot-'));
  assert.equal(kept.length, nodes);
  assert.equal(new Set(group.alive.map(({ member }) => member.machine.revision)).size, 1);
  assert.deepEqual(group.ends, []);
  return true;
}

async function trouble(group: Group, random: SeededRandom): Promise<void> {
  const dead = group.ids.find((id) => !group.at(id).alive);
  if (dead !== undefined) {
    await group.start(dead);
    return;
  }
  if (chance(random, 0.3)) {
    group.healAll();
    if (chance(random, 0.5)) group.isolate(pick(random, group.ids));
    return;
  }
  const victim = chance(random, 0.6) ? group.leader?.id : pick(random, group.ids);
  if (victim !== undefined) group.at(victim).crash(() => chance(random, 0.5));
}
