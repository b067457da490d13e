import assert from 'node:assert/strict';
import { SeededRandom } from '../../lib/base/index.js';
import { SimNetwork } from './network.js';
import type { NetworkOptions } from './options.js';
import { Schedule } from './schedule.js';

const PLAIN: NetworkOptions = { minMs: 1, meanMs: 5, loss: 0, duplicate: 0, ordered: false };

function fixture(options: Partial<NetworkOptions>) {
  const schedule = new Schedule();
  const got: number[] = [];
  const random = new SeededRandom(1);
  const network = new SimNetwork<number>(2, schedule, random, { ...PLAIN, ...options }, (_from, _to, n) =>
    got.push(n),
  );
  const sendMany = (count: number): void => {
    for (let n = 0; n < count; n++) network.send(0, 1, n);
  };
  const settle = (): number[] => {
    while (schedule.step());
    return got;
  };
  return { schedule, network, sendMany, settle };
}

function ascending(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

describe('the simulated network', () => {
  it('reorders messages of one link but loses none when told so', () => {
    const { sendMany, settle } = fixture({});
    sendMany(100);
    const got = settle();
    assert.notDeepEqual(got, ascending(100));
    assert.deepEqual(
      got.sort((a, b) => a - b),
      ascending(100),
    );
  });

  it('keeps the order of a link when told so', () => {
    const { sendMany, settle } = fixture({ ordered: true });
    sendMany(100);
    assert.deepEqual(settle(), ascending(100));
  });

  it('loses about the share of messages it is told to', () => {
    const { sendMany, settle } = fixture({ loss: 0.2 });
    sendMany(1000);
    const { length } = settle();
    assert.ok(length > 740 && length < 860, `${length} of 1000 arrived`);
  });

  it('delivers some messages twice when told so', () => {
    const { sendMany, settle } = fixture({ duplicate: 0.3 });
    sendMany(1000);
    const { length } = settle();
    assert.ok(length > 1240 && length < 1360, `${length} deliveries of 1000`);
  });

  it('cuts one direction only', () => {
    const { network, settle } = fixture({});
    network.cut(0, 1);
    assert.equal(network.send(0, 1, 1), false);
    assert.equal(network.send(1, 0, 2), true);
    assert.equal(network.connected(0, 1), false);
    assert.deepEqual(settle(), [2]);
  });

  it('stays cut until the last of overlapping cuts is mended', () => {
    const { network } = fixture({});
    network.cut(0, 1);
    network.cut(0, 1);
    network.mend(0, 1);
    assert.equal(network.isCut(0, 1), true);
    network.mend(0, 1);
    assert.equal(network.isCut(0, 1), false);
  });

  it('still delivers what was on its way when a cut began', () => {
    const { network, settle } = fixture({});
    network.send(0, 1, 1);
    network.cut(0, 1);
    assert.deepEqual(settle(), [1]);
  });

  it('delivers at once after a heal, however slow the link had been', () => {
    const { network, schedule, settle } = fixture({ ordered: true });
    network.slow[1] = 1_000_000;
    network.send(0, 1, 1);
    network.heal();
    network.send(0, 1, 2);
    schedule.step();
    assert.ok(schedule.now < 100_000, `at ${schedule.now} µs`);
    assert.deepEqual(settle(), [2, 1]);
  });
});
