import assert from 'node:assert/strict';
import { residentBytes } from '../../bench/zookeeper/large-tree.js';
import { loadArguments, type LoadResult } from '../../bench/zookeeper/load-process.js';
import { ROW_NAMES, figuresFrom, rowsMeant } from '../../bench/zookeeper/rows.js';
import { doubts } from '../../bench/zookeeper/steady.js';
import { judge, tableOf, type Line, type Target } from '../../bench/zookeeper/table.js';
import { roundOf, summary } from '../../bench/zookeeper/takeover.js';

function line(target: Target, figures: Line['figures']): Line {
  return { name: 'x', title: 'title', unit: 'ms', figures, target, notes: [] };
}

function holds(target: Target, figures: Line['figures']): boolean | null {
  return judge(line(target, figures)).holds;
}

describe('the table beside ZooKeeper', () => {
  it('judges a ratio by the unrounded figures', () => {
    const target: Target = { kind: 'ratio-at-least', ratio: 3 };
    assert.equal(holds(target, { tepui: 3000, zookeeper: 1000 }), true);
    assert.equal(holds(target, { tepui: 2999, zookeeper: 1000 }), false);
    assert.equal(holds({ kind: 'ratio-at-most', ratio: 1 }, { tepui: 1001, zookeeper: 1000 }), false);
  });

  it("judges an absolute target by Tepui's figure alone", () => {
    assert.equal(holds({ kind: 'at-most', value: 250 }, { tepui: 250, zookeeper: 900 }), true);
    assert.equal(holds({ kind: 'at-most', value: 250 }, { tepui: 251 }), false);
    assert.equal(holds({ kind: 'at-least', value: 10 }, { tepui: 9 }), false);
  });

  it('judges nothing where a figure is missing', () => {
    assert.equal(holds({ kind: 'ratio-at-least', ratio: 3 }, { tepui: 3000 }), null);
    assert.equal(holds({ kind: 'ratio-at-most', ratio: 1 }, { zookeeper: 3000 }), null);
    assert.equal(holds({ kind: 'at-most', value: 250 }, { zookeeper: 900 }), null);
  });

  it('has no ratio to a figure of zero', () => {
    assert.equal(judge(line({ kind: 'at-most', value: 0 }, { tepui: 0, zookeeper: 0 })).ratio, null);
  });

  it('prints figures, ratio, target and verdict of a row, and its notes below', () => {
    const row = { ...line({ kind: 'at-most', value: 6000 }, { tepui: 9000 }), notes: ['tepui: doubtful'] };
    const [, printed, note] = tableOf([judge(row)]);
    assert.match(printed!, /^title +9,000 ms +– +– +≤ 6,000 ms +NO$/);
    assert.equal(note, 'x: tepui: doubtful');
  });

  it('means one row by its name, and several by the beginning of theirs', () => {
    assert.deepEqual(rowsMeant('one-set'), ['one-set']);
    assert.deepEqual(rowsMeant('kill'), ['kill-gap', 'kill-closed', 'kill-lost']);
    assert.deepEqual(rowsMeant('se'), []);
  });

  it('names no two rows alike', () => {
    assert.equal(new Set(ROW_NAMES).size, ROW_NAMES.length);
  });

  it('leaves out a side where there is nothing to show', () => {
    const found = new Map([
      ['tepui', 5],
      ['zookeeper', null],
    ]);
    assert.deepEqual(
      figuresFrom(found, (value) => value),
      { tepui: 5 },
    );
  });

  it('tells of refused and unanswered requests, of closed connections and lost sessions', () => {
    const fine = { errors: 0, first_error: 0, unanswered: 0, hosts: [], lost_sessions: 0 };
    const hosts = [{ host: 'a', connections: 1, closed: 3, gap_ms: 1 }];
    const bad = { errors: 2, first_error: -101, unanswered: 1, hosts, lost_sessions: 1 };
    const results = new Map([
      ['tepui', [fine, bad] as unknown as LoadResult[]],
      ['zookeeper', [fine] as unknown as LoadResult[]],
    ]);
    assert.deepEqual(doubts(results), [
      'tepui: 2 requests refused (first: -101)',
      'tepui: 1 requests never answered',
      'tepui: 3 connections closed',
      'tepui: 1 sessions lost',
    ]);
  });
});

describe('a killed leader beside ZooKeeper', () => {
  const host = (name: string, closed: number, gap_ms: number) => ({
    host: name,
    connections: 10,
    closed,
    gap_ms,
  });

  it('counts gaps and closed connections of the survivors, and lost sessions of all', () => {
    const hosts = [host('a', 10, 4000), host('b', 0, 80), host('c', 2, 90)];
    assert.deepEqual(roundOf(hosts, 'a', 1), { gapMs: 90, closed: 2, lost: 1 });
  });

  it('is summed up by the median gap and by all that was closed or lost', () => {
    const rounds = [300, 90, 100].map((gapMs) => ({ gapMs, closed: 1, lost: 2 }));
    assert.deepEqual(summary(rounds), { gapMs: 100, closed: 3, lost: 6 });
  });
});

describe('what the bench reads and writes beside ZooKeeper', () => {
  it('names the flags of the load generator as its options are named', () => {
    assert.deepEqual(loadArguments(['a:1', 'b:2'], { op: 'mixed', readPercent: 90 }), [
      '--hosts',
      'a:1,b:2',
      '--op',
      'mixed',
      '--read-percent',
      '90',
    ]);
  });

  it('takes the resident memory of a process from its status', () => {
    assert.equal(residentBytes('VmHWM:\t  300 kB\nVmRSS:\t  200 kB\n'), 200 * 1024);
    assert.throws(() => residentBytes('State:\tZ (zombie)\n'), /has it ended/);
  });
});
