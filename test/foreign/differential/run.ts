import { below, chance, pick, SeededRandom } from '../../../lib/base/index.js';
import type { Request } from '../../../lib/wire/zookeeper/requests.js';
import { Generator } from './generator.js';
import { drawLogin } from './logins.js';
import { SESSIONS } from './paths.js';
import { Side } from './side.js';

/** Steps between two of a kind that takes seconds. */
const EXPIRY_EVERY = 1500;

/** Where the two said different things. */
export interface Difference {
  readonly step: number;
  readonly what: string;
  readonly reference: readonly string[];
  readonly tested: readonly string[];
}

export interface DifferentialResult {
  readonly requests: number;
  readonly lines: number;
  readonly difference: Difference | null;
}

/** Who looks on. */
export interface CompareWatch {
  readonly progress: (requests: number) => void;
  /** What was sent in a step, and what the tested one said. */
  readonly step: (what: string, lines: readonly string[]) => void;
}

const FRAGMENTS: readonly Uint8Array[] = [
  Buffer.from('ffffffff', 'hex'),
  Buffer.from('7fffffff', 'hex'),
  Buffer.from('00100000', 'hex'),
  Buffer.from('0000000400000001', 'hex'),
];

/**
 * Sends the same requests, drawn from the seed, to both systems, one step after the other, and compares what every
 * session heard after each step. Its sessions are spread over the servers of each. Ends at the first difference.
 */
export async function compare(
  seed: number,
  requests: number,
  addresses: { readonly reference: readonly string[]; readonly tested: readonly string[] },
  watch: Partial<CompareWatch> = {},
): Promise<DifferentialResult> {
  const random = new SeededRandom(seed);
  const generator = new Generator(random);
  const reference = new Side(addresses.reference);
  const tested = new Side(addresses.tested);
  let sent = 0;
  let lines = 0;
  try {
    await Promise.all([reference.open(SESSIONS), tested.open(SESSIONS)]);
    for (let step = 0; sent < requests; step++) {
      const { what, run, count } = draw(random, generator, step);
      sent += count;
      const [expected, actual] = await Promise.all([run(reference), run(tested)]);
      lines += expected.length;
      watch.step?.(what, actual);
      if (expected.join('\n') !== actual.join('\n')) {
        const difference = { step, what, reference: expected, tested: actual };
        return { requests: sent, lines, difference };
      }
      for (const path of reference.takeCreated()) generator.saw(path);
      tested.takeCreated();
      watch.progress?.(sent);
    }
    return { requests: sent, lines, difference: null };
  } finally {
    reference.destroy();
    tested.destroy();
  }
}

interface Step {
  readonly what: string;
  readonly count: number;
  readonly run: (side: Side) => Promise<string[]>;
}

function draw(random: SeededRandom, generator: Generator, step: number): Step {
  const number = below(random, SESSIONS);
  if (step > 0 && step % EXPIRY_EVERY === 0) {
    const path = `/expires-${step}`;
    return { what: `expiry of ${path}`, count: 3, run: (side) => side.expire(path) };
  }
  if (chance(random, 0.01)) {
    return { what: `close of ${number}`, count: 1, run: (side) => side.close(number) };
  }
  if (chance(random, 0.01)) {
    const server = below(random, SESSIONS);
    const watches = generator.watches(number);
    const what = `reattach of ${number} at ${server}: ${JSON.stringify(watches)}`;
    return { what, count: 1, run: (side) => side.reattach(number, server, watches) };
  }
  if (chance(random, 0.003)) {
    const unknown: Request = { op: 'unknown', type: pick(random, [10, 99, 200, -5]) };
    const request = chance(random, 0.5) ? unknown : null;
    const bytes = pick(random, FRAGMENTS);
    const what = request === null ? `bytes ${Buffer.from(bytes).toString('hex')}` : JSON.stringify(request);
    return { what, count: 1, run: (side) => side.malformed(number, request, bytes) };
  }
  if (chance(random, 0.01)) {
    const login = drawLogin(random);
    return {
      what: `login of ${number}: ${JSON.stringify(login)}`,
      count: 2,
      run: (side) => side.login(number, login),
    };
  }
  const requests = generator.requests(number);
  return {
    what: `session ${number}: ${requests.map((one) => JSON.stringify(one)).join(' ')}`,
    count: requests.length,
    run: (side) => side.run(number, requests),
  };
}
