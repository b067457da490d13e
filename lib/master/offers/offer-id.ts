import type { OfferId } from '../../base/index.js';

/** `<term>-O<number>`: an offer says by itself which leader made it. */
export function offerIdOf(term: number, number: number): OfferId {
  return `${term}-O${number}` as OfferId;
}

/** The term in which the offer was made; null when it is not an offer's id at all. */
export function termOf(offerId: string): number | null {
  const match = /^(\d{1,15})-O\d{1,15}$/.exec(offerId);
  return match === null ? null : Number(match[1]);
}
