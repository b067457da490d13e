import assert from 'node:assert/strict';
import { shutDown } from '../../../lib/node/dev/shutdown.js';
import { PLAN } from './pictures.js';

describe('the end of dev', () => {
  const steps: string[] = [];
  let patienceMs = 0;

  before(() =>
    shutDown(PLAN, {
      noRespawn: () => void steps.push('nothing is started again'),
      end: (ids, signal, forMs) => {
        steps.push(`${signal} ${ids.join(' ')}`);
        patienceMs += forMs;
        return Promise.resolve(false);
      },
      cut: (ids) => void steps.push(`cut ${ids.join(' ')}`),
    }),
  );

  it('ends the sample, tasks through their agents, agents, then masters, and kills what lingers', () => {
    assert.deepEqual(steps, [
      'nothing is started again',
      'SIGTERM sample',
      // SIGTERM would leave their tasks running.
      'SIGINT a1 a2',
      'cut a1 a2',
      'SIGTERM m1 m2 m3',
      'SIGKILL sample a1 a2 m1 m2 m3',
      'cut sample m1 m2 m3',
    ]);
  });

  it('takes less than 5 s even if nothing listens', () => {
    assert.ok(patienceMs > 0 && patienceMs < 5000, `${patienceMs} ms`);
  });
});
