import assert from 'node:assert/strict';
import type { MemberId } from '../../lib/base/index.js';
import { MASTER_LIMITS, createMaster, type Master } from '../../lib/master/index.js';
import { DivergenceGuard } from '../../lib/node/divergence.js';
import type { Outcome } from '../../lib/replica/index.js';
import { DEFAULT_LIMITS, encodeCommand } from '../../lib/state/index.js';
import { Group } from '../replica/group.js';
import type { TestProcess } from '../replica/process.js';
import { quiet } from '../support/quiet.js';

const CHECKPOINT_MS = 2_000;

/** Whole members with their masters' loops, whose copies a test makes differ. */
class Diverging {
  readonly group = new Group({ limits: { cutIntervalMs: 100 } });
  /** Members that gave their state up. */
  readonly gaveUp: MemberId[] = [];
  private readonly masters = new Map<MemberId, Master>();

  async start(id: MemberId): Promise<void> {
    this.masters.get(id)?.stop();
    const process = await this.group.start(id);
    const { time, random } = this.group;
    const guard = this.guard(process);
    const master = createMaster({
      replica: process.member,
      clock: time,
      timers: time,
      random,
      logger: quiet,
      machineLimits: DEFAULT_LIMITS,
      limits: { ...MASTER_LIMITS, checkpointIntervalMs: CHECKPOINT_MS },
      verdict: (verdict, measured) => guard.judged(verdict, measured),
    });
    master.start();
    this.masters.set(id, master);
  }

  stop(): void {
    for (const master of this.masters.values()) master.stop();
  }

  /** This member takes the data of the next write that holds `from` for `to`. */
  corrupt(id: MemberId, from: string, to: string): void {
    const { machine } = this.group.at(id).member;
    const apply = machine.apply.bind(machine);
    machine.apply = (index, term, data) => {
      const at = Buffer.from(data).indexOf(from);
      if (at < 0) return apply(index, term, data);
      const other = data.slice();
      other.set(Buffer.from(to), at);
      return apply(index, term, other);
    };
  }

  /** How a write of `path` at `id` ends. */
  async write(id: MemberId, path: string, data: string = ''): Promise<string> {
    const outcomes: Outcome[] = [];
    const command = encodeCommand({ kind: 'tree-create', path, data: Buffer.from(data) });
    this.group.at(id).member.propose(command, (one) => outcomes.push(one));
    await this.group.until(`an end of ${path}`, () => outcomes.length > 0);
    const [outcome] = outcomes;
    if (outcome?.kind !== 'applied') return outcome?.kind ?? '';
    return outcome.result.ok ? 'done' : outcome.result.code;
  }

  text(id: MemberId, path: string): string {
    return Buffer.from(this.group.at(id).member.machine.tree.get(path)?.data ?? []).toString();
  }

  alarms(): (number | null)[] {
    return this.group.alive.map(({ member }) => member.machine.alarm?.index ?? null);
  }

  private guard(process: TestProcess): DivergenceGuard {
    return new DivergenceGuard({
      status: () => process.member.status(),
      handOver: (done) => process.member.transferLeadership(null, done),
      discardState: () => process.disk.discardState(),
      fatal: () => {
        process.crash();
        this.gaveUp.push(process.id);
      },
      logger: quiet,
    });
  }
}

describe('members whose copies of the state differ', () => {
  let world: Diverging;
  let group: Group;
  const [M1, M2, M3] = ['m1', 'm2', 'm3'] as MemberId[] as [MemberId, MemberId, MemberId];

  beforeEach(async () => {
    world = new Diverging();
    ({ group } = world);
    for (const id of group.ids) await world.start(id);
    await group.untilServing();
    await group.until('all are known', () => group.leader!.member.machine.cluster.members().length === 3);
    group.mayDiffer = true;
  });

  afterEach(() => world.stop());

  it('the one that a majority contradicts gives its state up and comes back with that of the others', async () => {
    world.corrupt(M3, 'true', 'lies');
    assert.equal(await world.write(M1, '/a', 'true'), 'done');
    await group.until('m3 gives up', () => world.gaveUp.length > 0, 3 * CHECKPOINT_MS);
    assert.deepEqual(world.gaveUp, [M3]);
    assert.deepEqual(world.alarms(), [null, null]);
    await world.start(M3);
    await group.untilServing();
    await group.until('m3 is whole', () => world.text(M3, '/a') === 'true', 60_000);
    assert.equal(await world.write(M3, '/b'), 'done');
  });

  it('without a majority all refuse writes, until an operator has emptied one; the third then gives its state up', async () => {
    world.corrupt(M2, 'one', 'two');
    world.corrupt(M3, 'one', 'six');
    assert.equal(await world.write(M1, '/a', 'one'), 'done');
    await group.until(
      'an alarm everywhere',
      () => world.alarms().every((index) => index !== null),
      3 * CHECKPOINT_MS,
    );
    const digests = group.leader!.member.machine.alarm!.digests;
    assert.equal(new Set(digests.map(({ digest }) => digest)).size, 3);
    for (const id of group.ids) assert.equal(await world.write(id, '/b'), 'DIVERGED');
    await group.pass(5 * CHECKPOINT_MS);
    assert.deepEqual(world.gaveUp, [], 'nobody stops');
    assert.deepEqual(
      group.ids.map((id) => world.text(id, '/a')),
      ['one', 'two', 'six'],
      'reads go on, each from its own copy',
    );

    // What docs/decisions/013 tells the operator: lead with the copy to be kept, and empty another.
    if (group.leader!.id !== M1) group.leader!.member.transferLeadership(M1, () => {});
    await group.until('m1 leads', () => group.leader?.id === M1, 20_000);
    group.at(M2).crash();
    group.wipe(M2);
    await world.start(M2);
    await group.until('m3 gives up', () => world.gaveUp.length > 0, 60_000);
    assert.deepEqual(world.gaveUp, [M3]);
    await group.until('the alarm is cleared', () => world.alarms().every((index) => index === null), 20_000);
    await world.start(M3);
    await group.untilServing();
    await group.until('m3 is whole', () => world.text(M3, '/a') === 'one', 60_000);
    assert.equal(world.text(M2, '/a'), 'one');
    for (const id of group.ids) assert.equal(await world.write(id, `/after-${id}`), 'done');
  });
});
