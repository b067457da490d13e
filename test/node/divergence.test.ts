import assert from 'node:assert/strict';
import type { NodeId } from '../../lib/base/index.js';
import { DivergenceGuard, type DivergenceHost } from '../../lib/node/divergence.js';
import { quiet } from '../support/quiet.js';

const SELF = 'm1@00' as NodeId;
const OTHER = 'm2@00' as NodeId;

function guard(leader: string | null): {
  guard: DivergenceGuard;
  done: string[];
  settled: () => Promise<void>;
} {
  const done: string[] = [];
  const host = {
    status: () => ({ self: { memberId: 'm1', nodeId: SELF }, leader }),
    handOver: (next: () => void) => {
      done.push('handed over');
      next();
    },
    discardState: () => {
      done.push('state given up');
      return Promise.resolve();
    },
    fatal: (error: unknown) => void done.push(`ended: ${(error as { code: string }).code}`),
    logger: quiet,
  } as unknown as DivergenceHost;
  return {
    guard: new DivergenceGuard(host),
    done,
    settled: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

describe('a checkpoint at which members differ', () => {
  it('makes the member that a majority contradicts give its state up and end', async () => {
    const { guard: one, done, settled } = guard('m2');
    one.judged({ kind: 'majority', index: 7, digest: 'aa', differing: [SELF] }, 'bb');
    await settled();
    assert.deepEqual(done, ['state given up', 'ended: DAMAGED']);
  });

  it('makes a contradicted leader hand over first', async () => {
    const { guard: one, done, settled } = guard('m1');
    one.judged({ kind: 'majority', index: 7, digest: 'aa', differing: [SELF] }, 'bb');
    await settled();
    assert.deepEqual(done, ['handed over', 'state given up', 'ended: DAMAGED']);
  });

  it('judges a member by the state that it has, not by what is on record of a former one', async () => {
    const { guard: one, done, settled } = guard('m2');
    one.judged({ kind: 'majority', index: 7, digest: 'aa', differing: [SELF] }, null);
    one.judged({ kind: 'majority', index: 7, digest: 'aa', differing: [SELF] }, 'aa');
    await settled();
    assert.deepEqual(done, []);
  });

  it('leaves everyone running when others differ, or when no value has a majority', async () => {
    const { guard: one, done, settled } = guard('m1');
    one.judged({ kind: 'majority', index: 7, digest: 'aa', differing: [OTHER] }, 'aa');
    one.judged({ kind: 'split', index: 8, view: { index: 8, digests: [] } }, 'cc');
    await settled();
    assert.deepEqual(done, []);
  });
});
