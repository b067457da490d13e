import assert from 'node:assert/strict';
import { JsonView, LinesView, TableView } from '../../../lib/node/dev/views.js';
import { Harness } from '../../cli/harness.js';
import { VirtualTime } from '../../support/virtual-time.js';
import { masterRow, picture, silentRow } from './pictures.js';

const NO_LEADER = picture({ leader: null, trouble: 'no leader for 0.1 s' });

describe('dev for scripts', () => {
  it('prints one line of JSON on standard output, when the cluster serves, and once', () => {
    const harness = new Harness();
    const view = new JsonView(harness.io, (id) => ({ peer: `peer-of-${id}`, zookeeper: '' }));
    view.show(NO_LEADER);
    assert.equal(harness.out, '');
    view.show(picture());
    view.show(picture({ leader: 'm2', masters: [masterRow('m2', { role: 'leader' })] }));
    const [announced, ...more] = harness.lines() as { leader: string; masters: { peer: string }[] }[];
    assert.equal(announced?.leader, 'm1');
    assert.equal(announced?.masters[2]?.peer, 'peer-of-m3');
    assert.deepEqual(more, []);
  });

  it('leaves standard output to that line: notes go to standard error', () => {
    const harness = new Harness();
    const view = new JsonView(harness.io, () => null);
    view.note('m1 (pid 7) ended: SIGKILL');
    view.close('stopping');
    assert.equal(harness.err, 'tepui dev: m1 (pid 7) ended: SIGKILL\ntepui dev: stopping\n');
    assert.equal(harness.out, '');
  });
});

describe('dev without a terminal', () => {
  it('prints a line per change, the leader first, and nothing while nothing changes', () => {
    const harness = new Harness();
    const view = new LinesView(harness.io);
    view.show(picture({ agents: [], tasks: [] }), null);
    view.show(picture({ agents: [], tasks: [] }), null);
    view.note('m1 (pid 101) ended: SIGKILL');
    view.show(
      picture({
        agents: [],
        tasks: [],
        leader: 'm2',
        masters: [silentRow('m1', 'down'), masterRow('m2'), masterRow('m3')],
      }),
      300,
    );
    view.close('stopping');
    assert.deepEqual(harness.out.trimEnd().split('\n'), [
      'leader m1, term 4',
      'master m1: leader (pid 101)',
      'master m2: follower (pid 102)',
      'master m3: follower (pid 103)',
      'm1 (pid 101) ended: SIGKILL',
      'leader m2, term 4, after 0.3 s without one',
      'master m1: down',
      'stopping',
    ]);
  });
});

describe('dev on a terminal', () => {
  let harness: Harness;
  let view: TableView;
  let rows: number;

  beforeEach(() => {
    harness = new Harness();
    rows = 24;
    view = new TableView(
      harness.io,
      () => ({ columns: 80, rows }),
      new VirtualTime(),
      () => null,
    );
  });

  /** The frames drawn so far, without the codes that place them. */
  function frames(): string[] {
    return harness.out
      .split('\u001B[H')
      .slice(1)
      .map((frame) => frame.replaceAll('\u001B[K', '').replace('\u001B[J', ''));
  }

  it('draws every frame over the one before, and clears what that had more', () => {
    view.show(picture(), null);
    view.show(picture({ tasks: [] }), null);
    assert.equal(frames().length, 2);
    const last = harness.out.split('\u001B[H').at(-1)!;
    assert.ok(
      last.split('\n').every((line) => line.endsWith('\u001B[K') || line.endsWith('\u001B[K\u001B[J')),
    );
    assert.ok(last.endsWith('\u001B[J'));
  });

  it('scrolls away what the terminal showed before, and only once', () => {
    view.show(picture(), null);
    assert.ok(harness.out.startsWith(`${'\n'.repeat(24)}\u001B[H`));
    view.show(picture(), null);
    assert.equal(harness.out.split('\n'.repeat(24)).length, 2);
  });

  it('follows the size of the terminal', () => {
    view.show(picture(), null);
    rows = 12;
    view.show(picture(), null);
    assert.ok(frames()[0]!.split('\n').length > 12);
    assert.equal(frames()[1]!.split('\n').length, 12);
  });

  it('keeps in sight who died and who leads since when, the last three, with the time of day', () => {
    view.show(picture(), null);
    for (const id of ['m2', 'm3', 'm1']) view.note(`${id} ended`);
    view.show(NO_LEADER, null);
    view.show(picture({ leader: 'm2' }), 400);
    const told = frames()
      .at(-1)!
      .match(/\d\d:\d\d:\d\d {2}.*/g);
    assert.deepEqual(
      told?.map((line) => line.slice(10)),
      ['m3 ended', 'm1 ended', 'leader m2, term 4, after 0.4 s without one'],
    );
  });

  it('says that nobody leads below the table, as long as it lasts, and not among what happened', () => {
    view.show(NO_LEADER, null);
    assert.equal(frames()[0]!.split('no leader for 0.1 s').length, 2);
    assert.doesNotMatch(frames()[0]!, /\d\d:\d\d:\d\d/);
  });

  it('ends below the table, which stays', () => {
    view.show(picture(), null);
    view.close('stopping');
    view.close('m1 runs on');
    assert.ok(harness.out.endsWith('\u001B[J\n  stopping\n  m1 runs on\n'));
  });
});
