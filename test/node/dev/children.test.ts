import assert from 'node:assert/strict';
import {
  Children,
  RESPAWN_DELAY_MS,
  type ChildExit,
  type ChildSpec,
} from '../../../lib/node/dev/children.js';
import { VirtualTime } from '../../support/virtual-time.js';

const SPEC: ChildSpec = { id: 'm1', folder: '/dev/m1', args: ['master'] };
const OTHER: ChildSpec = { ...SPEC, id: 'm2' };

interface Started {
  readonly spec: ChildSpec;
  readonly signals: string[];
  cut: boolean;
  end(how: string): void;
}

describe('the processes of dev', () => {
  let time: VirtualTime;
  let started: Started[];
  let exits: ChildExit[];

  beforeEach(() => {
    time = new VirtualTime();
    started = [];
    exits = [];
  });

  function children(respawn: boolean): Children {
    return new Children({
      launch: (spec, onEnd) => {
        const one: Started = { spec, signals: [], cut: false, end: onEnd };
        started.push(one);
        const pid = 100 + started.length;
        return { pid, kill: (signal) => one.signals.push(signal), cut: () => (one.cut = true) };
      },
      timers: time,
      respawn,
      onExit: (exit) => exits.push(exit),
    });
  }

  it('have a pid while they live', () => {
    const all = children(false);
    assert.equal(all.pid('m1'), null);
    all.start(SPEC);
    assert.equal(all.pid('m1'), 101);
    started[0]!.end('SIGKILL');
    assert.equal(all.pid('m1'), null);
    assert.deepEqual(exits, [{ id: 'm1', pid: 101, how: 'SIGKILL' }]);
  });

  it('end once: an error after the end, or twice the end, is not told again', () => {
    children(false).start(SPEC);
    started[0]!.end('could not be started: EAGAIN');
    started[0]!.end('exit 1');
    assert.deepEqual(
      exits.map(({ how }) => how),
      ['could not be started: EAGAIN'],
    );
  });

  it('stay dead unless they are to be started again', () => {
    children(false).start(SPEC);
    started[0]!.end('SIGKILL');
    assert.equal(time.timerCount, 0);
  });

  it('are started again as they were, a moment after their death', () => {
    const all = children(true);
    all.start(SPEC);
    started[0]!.end('SIGKILL');
    time.advance(RESPAWN_DELAY_MS - 1);
    assert.equal(started.length, 1);
    time.advance(1);
    assert.equal(started[1]!.spec, SPEC);
    assert.equal(all.pid('m1'), 102);
  });

  it('are not started again once all is to end, even if they died just before', () => {
    const all = children(true);
    all.start(SPEC);
    all.start(OTHER);
    started[0]!.end('SIGKILL');
    all.noRespawn();
    started[1]!.end('SIGKILL');
    assert.equal(time.timerCount, 0);
    assert.equal(started.length, 2);
  });

  it('are signalled and waited for, those named and no others', async () => {
    const all = children(false);
    all.start(SPEC);
    all.start(OTHER);
    const ended = all.end(['m1'], 'SIGTERM', 1000);
    assert.deepEqual([started[0]!.signals, started[1]!.signals], [['SIGTERM'], []]);
    started[0]!.end('exit 0');
    assert.equal(await ended, true);
    assert.equal(time.timerCount, 0);
  });

  it('are waited for until the last has ended', async () => {
    const all = children(false);
    all.start(SPEC);
    all.start(OTHER);
    const ended = all.end(['m1', 'm2'], 'SIGTERM', 1000);
    started[0]!.end('exit 0');
    assert.equal(time.timerCount, 1, 'still waiting');
    started[1]!.end('exit 0');
    assert.equal(await ended, true);
  });

  it('are waited for no longer than patience lasts', async () => {
    const all = children(false);
    all.start(SPEC);
    const ended = all.end(['m1'], 'SIGTERM', 1000);
    time.advance(1000);
    assert.equal(await ended, false);
    assert.equal(all.pid('m1'), 101);
  });

  it('need no patience when none of them lives', async () => {
    const all = children(false);
    all.start(SPEC);
    started[0]!.end('exit 0');
    assert.equal(await all.end(['m1', 'never'], 'SIGKILL', 1000), true);
    assert.equal(time.timerCount, 0);
    assert.deepEqual(started[0]!.signals, []);
  });

  it('have their pipes closed in every generation: what an earlier one left may hold its pipe', () => {
    const all = children(true);
    all.start(SPEC);
    all.start(OTHER);
    started[0]!.end('SIGKILL');
    time.advance(RESPAWN_DELAY_MS);
    all.cut(['m1']);
    assert.deepEqual(
      started.map(({ spec, cut }) => [spec.id, cut]),
      [
        ['m1', true],
        ['m2', false],
        ['m1', true],
      ],
    );
  });
});
