import assert from 'node:assert/strict';
import type { Fault } from '../../chaos/faults/fault.js';
import { Nemesis, type MakeFault } from '../../chaos/faults/nemesis.js';
import { Network } from '../../chaos/faults/network.js';
import type { Plan, PlannedFault } from '../../chaos/faults/plan.js';

const ONE: PlannedFault = {
  number: 1,
  kind: 'kill-one',
  draw: 0,
  durationMs: 0,
  quietMs: 0,
  afterMs: null,
};
const ON_TOP: PlannedFault = { ...ONE, number: 2, kind: 'wipe-one', afterMs: 0 };
const LATER: PlannedFault = { ...ONE, number: 3, kind: 'pause-one' };

/** Faults that write down what is asked of them. */
class Stage {
  readonly log: string[] = [];
  readonly taken: Record<number, readonly string[]> = {};
  private readonly overrides: Readonly<Record<number, Partial<Fault>>>;

  constructor(overrides: Readonly<Record<number, Partial<Fault>>> = {}) {
    this.overrides = overrides;
  }

  async play(...faults: PlannedFault[]): Promise<Nemesis> {
    const plan: Plan = { seed: 1, seconds: 1, masters: 5, warmUpMs: 0, faults };
    const cluster = {
      awaitServing: () => this.note('all serve'),
      network: new Network([], [], new Map()),
    };
    const history = { add: () => 0 };
    const make: MakeFault = (planned, taken) => {
      this.taken[planned.number] = taken;
      return Promise.resolve(this.fault(planned.number));
    };
    const nemesis = new Nemesis(plan, make, cluster, history, () => undefined);
    await nemesis.run(new AbortController().signal);
    return nemesis;
  }

  note(what: string): Promise<void> {
    this.log.push(what);
    return Promise.resolve();
  }

  private fault(number: number): Fault {
    return {
      victims: [`v${number}`],
      inject: () => this.note(`${number} breaks`),
      heal: () => this.note(`${number} heals`).then(() => 'seen'),
      over: () => this.note(`${number} is over`).then(() => 'well'),
      close: () => void this.note(`${number} is closed`),
      ...this.overrides[number],
    };
  }
}

describe('the nemesis', () => {
  it('begins a fault when the one before is over and all serve', async () => {
    const stage = new Stage();
    const { windows, failures } = await stage.play(ONE, LATER);
    assert.deepEqual(failures, []);
    assert.deepEqual(
      windows.map(({ number }) => number),
      [1, 3],
    );
    const [first, second] = [stage.log.indexOf('1 is over'), stage.log.indexOf('3 breaks')];
    assert.ok(first > stage.log.indexOf('all serve') && second > first, stage.log.join());
    assert.deepEqual(stage.taken[3], []);
  });

  it('lets a fault come on top of another, which is in force still, and keeps its victims apart', async () => {
    let secondBreaks: () => void = () => undefined;
    const broken = new Promise<void>((resolve) => (secondBreaks = resolve));
    const stage: Stage = new Stage({
      1: { inject: () => broken },
      2: { inject: () => Promise.resolve(secondBreaks()) },
    });
    const { windows } = await stage.play(ONE, ON_TOP);
    assert.equal(windows.length, 2);
    assert.deepEqual(stage.taken, { 1: [], 2: ['v1'] });
  });

  it('has none of two that meet be over before both are healed and all serve', async () => {
    const stage = new Stage();
    await stage.play(ONE, ON_TOP);
    const after = stage.log.slice(stage.log.indexOf('all serve'));
    assert.deepEqual(after, ['all serve', '1 is over', '2 is over', '1 is closed', '2 is closed']);
    assert.equal(stage.log.filter((what) => what.endsWith('heals')).length, 2);
  });

  it('heals both when one does not show, tells of it, and goes no further', async () => {
    const stage = new Stage({ 1: { inject: () => Promise.reject(new Error('nothing broke')) } });
    const { windows, failures } = await stage.play(ONE, ON_TOP, LATER);
    assert.deepEqual(failures, ['fault 1 (kill-one): nothing broke']);
    assert.equal(windows.length, 0);
    assert.deepEqual(stage.log.filter((what) => what.endsWith('heals')).sort(), ['1 heals', '2 heals']);
    assert.deepEqual(stage.log.slice(-2), ['1 is closed', '2 is closed']);
    assert.ok(!stage.log.includes('3 breaks'));
  });

  it('tells why a fault did not show, not that it could not be healed either', async () => {
    const fail = (why: string) => () => Promise.reject(new Error(why));
    const { failures } = await new Stage({ 1: { inject: fail('cause'), heal: fail('effect') } }).play(ONE);
    assert.deepEqual(failures, ['fault 1 (kill-one): cause']);
  });
});
