import assert from 'node:assert/strict';
import type { Report } from '../report.js';
import { NodeBatch } from './batch.js';
import { runNodeSeed, type NodeReport } from './run.js';

const SEEDS = [1, 2, 3, 4, 5, 6];

describe('a simulated run of whole nodes', () => {
  const reports: NodeReport[] = [];

  before(async function () {
    this.timeout(180_000);
    for (const seed of SEEDS) reports.push(await runNodeSeed({ seed }));
  });

  it('breaks no rule', () => {
    for (const { seed, violation } of reports) assert.equal(violation, null, `seed ${seed}`);
  });

  it('gives the same trace from the same seed, printed or not, and another from another', async () => {
    const lines: string[] = [];
    const printed: Report<unknown> = await runNodeSeed({ seed: 4, print: (line) => lines.push(line) });
    assert.equal(printed.traceHash, reports.find(({ seed }) => seed === 4)!.traceHash);
    assert.ok(lines.length >= printed.events);
    assert.equal(new Set(reports.map(({ traceHash }) => traceHash)).size, SEEDS.length);
  });

  it('lasts until the group is healed, and serves clients meanwhile', () => {
    const batch = new NodeBatch();
    for (const report of reports) batch.add(report);
    assert.deepEqual(batch.failures, []);
    assert.ok(batch.virtualSeconds > 20 * SEEDS.length);
    assert.ok(batch.counts.acknowledged > 200, `${batch.counts.acknowledged} writes acknowledged`);
  });
});
