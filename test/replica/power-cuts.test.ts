import assert from 'node:assert/strict';
import { powerCuts } from './power-cuts.js';

const FROM = Number(process.env['CUT_SEED'] ?? 1);

/** A sample; `npm run test:cuts` does 1,000. */
describe('replica: the power of all members at once', function () {
  this.timeout(60_000);

  for (let seed = FROM; seed < FROM + 4; seed++) {
    it(`may be cut under load: the group recovers on its own, and nothing acknowledged is lost (seed ${seed})`, async () => {
      const { cuts } = await powerCuts(seed, 10);
      assert.equal(cuts, 10);
    });
  }
});
