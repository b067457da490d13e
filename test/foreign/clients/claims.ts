import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** A line of the log that the foreign clients append to, in the order in which it all happened. */
export interface Claim {
  readonly recipe: string;
  readonly who: string;
  readonly event: string;
  readonly kind?: string;
  readonly fence?: number;
  readonly number?: number;
  readonly barrier?: string;
  readonly value?: string | number;
  readonly item?: string;
  readonly name?: string;
  readonly node?: string;
  readonly mzxid?: number;
  readonly path?: string;
  readonly ephemeral?: boolean;
  readonly forbidden?: boolean;
  readonly state?: string;
  readonly version?: number;
  readonly error?: string;
}

export function readClaims(file: string): Claim[] {
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Claim);
}

export function ofRecipe(claims: readonly Claim[], recipe: string): Claim[] {
  return claims.filter((claim) => claim.recipe === recipe);
}

/** Fails when more than `most` hold at once what `keyOf` says. Gives how often it was held. */
export function assertHeldByAtMost(
  claims: readonly Claim[],
  most: number,
  keyOf: (claim: Claim) => string = () => '',
): number {
  const holders = new Map<string, string[]>();
  let times = 0;
  for (const claim of claims) {
    const key = keyOf(claim);
    const now = holders.get(key) ?? [];
    if (claim.event === 'held') {
      now.push(claim.who);
      times++;
      assert.ok(now.length <= most, `${claim.recipe} ${key} is held by ${now.join(' and ')}, hold ${times}`);
    } else if (claim.event === 'freed') {
      const i = now.indexOf(claim.who);
      assert.ok(i >= 0, `${claim.who} frees ${key}, which it does not hold`);
      now.splice(i, 1);
    }
    holders.set(key, now);
  }
  return times;
}

/** Numbers of the holders never fall, so what they guard can turn away whoever comes late. */
export function assertFencesRise(claims: readonly Claim[]): void {
  let last = -1;
  for (const { event, fence, who } of claims) {
    if (event !== 'held') continue;
    assert.ok(fence! > last, `${who} holds number ${fence}, after ${last}`);
    last = fence!;
  }
}

/** A writer is alone; readers may be many. */
export function assertWritersAlone(claims: readonly Claim[]): void {
  let readers = 0;
  let writers = 0;
  for (const { event, kind, who } of claims) {
    const change = event === 'held' ? 1 : event === 'freed' ? -1 : 0;
    if (kind === 'read') readers += change;
    else writers += change;
    assert.ok(writers <= 1 && (writers === 0 || readers === 0), `${who}: ${writers} write, ${readers} read`);
  }
}

/** Each `after` comes when, of its number, `count` have said `before`. */
export function assertMet(claims: readonly Claim[], before: string, after: string, count: number): void {
  const came = new Map<number, Set<string>>();
  for (const { event, number, who } of claims) {
    if (event === before) {
      const set = came.get(number!) ?? new Set();
      came.set(number!, set.add(who));
    } else if (event === after) {
      const there = came.get(number!)?.size ?? 0;
      assert.equal(
        there,
        count,
        `${who} ${after} number ${number} when ${there} of ${count} had come to ${before}`,
      );
    }
  }
}

/** Nobody passes a barrier whose removal had not begun. */
export function assertBarriersStood(claims: readonly Claim[]): number {
  const removed = new Set<string>();
  let passed = 0;
  for (const { event, barrier, number, who } of claims) {
    if (event === 'removing') removed.add(`${barrier} ${number}`);
    if (event !== 'passed') continue;
    passed++;
    assert.ok(removed.has(`${barrier} ${number}`), `${who} passed ${barrier}, number ${number}, which stood`);
  }
  return passed;
}

/** What was acknowledged as put, and not as taken; fails when something was taken twice or never put. */
export function untaken(claims: readonly Claim[], taken: string): Set<string | number> {
  const put = new Set<string | number>();
  const begun = new Set<string | number>();
  const gone = new Set<string | number>();
  for (const { event, value } of claims) {
    if (value === undefined) continue;
    if (event === 'put') put.add(value);
    if (event === 'put' || event === 'put unknown') begun.add(value);
    if (event !== taken) continue;
    assert.ok(!gone.has(value), `${value} was taken twice`);
    gone.add(value);
  }
  for (const value of gone) assert.ok(begun.has(value), `${value} was taken, and never put`);
  for (const value of gone) put.delete(value);
  return put;
}

export function count(claims: readonly Claim[], event: string): number {
  return claims.filter((claim) => claim.event === event).length;
}
