import assert from 'node:assert/strict';
import { Batch } from './batch.js';
import type { RunReport } from './report.js';
import { runSeed } from './run.js';

const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1);

describe('a simulated run', () => {
  let reports: RunReport[] = [];

  before(() => {
    reports = SEEDS.map((seed) => runSeed({ seed }));
  });

  it('breaks no rule', () => {
    for (const { seed, violation } of reports) assert.equal(violation, null, `seed ${seed}`);
  });

  it('gives the same trace from the same seed, and another from another', () => {
    const hashes = reports.map((report) => report.traceHash);
    assert.deepEqual(
      SEEDS.map((seed) => runSeed({ seed }).traceHash),
      hashes,
    );
    assert.equal(new Set(hashes).size, SEEDS.length);
  });

  it('is the same whether or not it is printed', () => {
    const lines: string[] = [];
    const printed = runSeed({ seed: 1, print: (line) => lines.push(line) });
    assert.equal(printed.traceHash, runSeed({ seed: 1 }).traceHash);
    assert.equal(lines.length, printed.events);
  });

  it('lasts long enough and sees enough to be worth counting', () => {
    const batch = new Batch();
    for (const report of reports) batch.add(report);
    assert.deepEqual(batch.failures, []);
    assert.deepEqual(batch.shortfalls(), []);
  });
});

describe('a batch of runs', () => {
  it('fails when it saw too little', () => {
    const batch = new Batch();
    const report = runSeed({ seed: 1 });
    const counts = { ...report.counts, elections: 0, entriesTruncated: 0, snapshotInstalls: 1 };
    for (let i = 0; i < 200; i++) batch.add({ ...report, counts });
    assert.deepEqual(
      batch.shortfalls().map((line) => line.split(':')[0]),
      ['elections', 'seeds with log truncation'],
    );
  });

  it('fails for a run with too few proposals', () => {
    const batch = new Batch();
    const report = runSeed({ seed: 1 });
    batch.add({ ...report, counts: { ...report.counts, proposalsAccepted: 199 } });
    assert.equal(batch.failures[0]?.violation?.rule, 'too-small');
  });
});
