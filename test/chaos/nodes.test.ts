import assert from 'node:assert/strict';
import type { HistoryEvent } from '../../chaos/history/history.js';
import { judgeNodes } from '../../chaos/judges/zookeeper/nodes.js';
import { SET } from '../../chaos/workloads/zookeeper/places.js';
import { eventsOf, Recorder } from './wire-histories.js';

type How = 'ok' | 'fail' | 'info';

const client = new Recorder('tree-m1');
const [A, B] = [`${SET}/a`, `${SET}/b`];

let id = 0;

/** One write, from the second `at` until half a second later. */
function write(at: number, how: How, creates: string[], deletes: string[] = []): HistoryEvent[] {
  const own = ++id;
  const process = client.client;
  return [
    { ns: at * 1e9, type: 'invoke', id: own, process, f: 'nodes', creates, deletes },
    { ns: (at + 0.5) * 1e9, type: how, id: own, code: '' },
  ];
}

function rest(member: string, ...paths: string[]): HistoryEvent {
  const nodes = Object.fromEntries(paths.map((path) => [path, 'x']));
  return { ns: 100e9, type: 'rest', member, nodes };
}

function list(at: number, ...names: string[]): HistoryEvent[] {
  return eventsOf([client.granted(0), client.reply(at, { op: 'getChildren2', path: SET, names })]);
}

describe('nodes, at the end', () => {
  it('are there when they were acknowledged, and not when they were refused or deleted', () => {
    const history = [
      ...write(1, 'ok', [A]),
      ...write(2, 'fail', [B]),
      ...write(3, 'ok', [], [A]),
      rest('m1'),
    ];
    assert.deepEqual(judgeNodes(history), []);
  });

  it('may not be lost', () => {
    assert.match(
      judgeNodes([...write(1, 'ok', [A]), rest('m1')])[0] ?? '',
      /was acknowledged .* not there at m1/,
    );
  });

  it('may not be there when they were refused', () => {
    assert.match(judgeNodes([...write(1, 'fail', [A]), rest('m1', A)])[0] ?? '', /was refused .* is there/);
  });

  it('may not come back when they were deleted', () => {
    const history = [...write(1, 'ok', [A]), ...write(2, 'ok', [], [A]), rest('m1', A)];
    assert.equal(judgeNodes(history).length, 1);
  });

  it('are still there when their deletion was refused', () => {
    const history = [...write(1, 'ok', [A]), ...write(2, 'fail', [B], [A])];
    assert.deepEqual(judgeNodes([...history, rest('m1', A)]), []);
    assert.equal(judgeNodes([...history, rest('m1')]).length, 1);
  });

  it('of a write that nobody answered are all there, or none', () => {
    const unknown = write(1, 'info', [A, B]);
    assert.deepEqual(judgeNodes([...unknown, rest('m1', A, B)]), []);
    assert.deepEqual(judgeNodes([...unknown, rest('m1')]), []);
    assert.match(judgeNodes([...unknown, rest('m1', A)])[0] ?? '', /half of/);
  });

  it('are the same at every member', () => {
    const problems = judgeNodes([rest('m1', A), rest('m2', A), rest('m3', A, B)]);
    assert.equal(problems.length, 1);
    assert.match(
      problems[0] ?? '',
      /members differ in 1 nodes when at rest: .*b is not there at m1, and x at m3/,
    );
  });
});

describe("a client's own list", () => {
  it('shows what it did before within the session', () => {
    assert.deepEqual(judgeNodes([...list(2, 'a'), ...write(1, 'ok', [A])]), []);
    assert.match(judgeNodes([...write(1, 'ok', [A]), ...list(2)])[0] ?? '', /did not find .*a/);
    assert.match(judgeNodes([...write(1, 'fail', [A]), ...list(2, 'a')])[0] ?? '', /found .*a/);
  });
});
