import assert from 'node:assert/strict';
import { SeededRandom, pick } from '../../../lib/base/index.js';
import { everyDamage, type Damage } from './kinds.js';
import { tryAll } from './pool.js';
import { prepare, type PreparedGroup } from './prepared.js';
import { sample } from './sample.js';

const SEED = Number(process.env['DAMAGE_SEED'] ?? 1);
const PER_KIND = 1;

/** A sample; `npm run test:damage` tries everything there is. */
describe('a real data folder', function () {
  this.timeout(120_000);
  let truth: PreparedGroup;
  let all: Damage[];
  const random = new SeededRandom(SEED);

  before(async () => {
    truth = await prepare(SEED);
    all = await everyDamage(truth);
  });

  after(() => truth.remove());

  for (const part of ['raft', 'state', 'witness', 'identity', 'older copy', 'wiped']) {
    it(`keeps its promises or says what it found (damage to ${part}, seed ${SEED})`, async () => {
      const chosen = sample(
        all.filter(({ kind }) => kind.startsWith(part)),
        PER_KIND,
        random,
      );
      const findings = await tryAll(truth, all, chosen, 1, 'image');
      assert.deepEqual(findings.wrong, []);
      assert(chosen.length > 0);
    });

    it(`becomes a voter that holds everything again, without an operator (damage to ${part}, seed ${SEED})`, async () => {
      const those = all.filter(({ kind }) => kind.startsWith(part));
      const chosen = [pick(random, those), pick(random, those)];
      const findings = await tryAll(truth, all, chosen, 1, 'comeback');
      assert.deepEqual(findings.wrong, []);
    });
  }
});
