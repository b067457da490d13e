import { TepuiError } from '../base/index.js';
import type { ClusterStatus, Operator } from '../client/index.js';
import { duration } from '../client/internal.js';

/** Nobody answered: UNREACHABLE, with each address and why. */
export function unreachableError({ unanswered }: ClusterStatus): TepuiError {
  const each = unanswered.map(({ address, reason }) => `${address} ${reason}`);
  return new TepuiError('UNREACHABLE', `no master answered: ${each.join('; ')}`);
}

/** A cluster that does not serve is asked once more what is wrong with it, for so long. */
const DIAGNOSIS_MS = 1000;

/**
 * The same error, explained by the members themselves: "no leader for 4.2 s: 1 of 3 voters reachable (m2; m1 and
 * m3 refused)". Errors of another kind, and ones nobody can explain, are returned as they are.
 */
export async function explained(error: unknown, operator: Operator): Promise<unknown> {
  if (!(error instanceof TepuiError) || error.code !== 'NO_LEADER') return error;
  const status = await operator.status(DIAGNOSIS_MS);
  if (status.members.length === 0) return error;
  const forMs = error.fields['forMs'];
  const since = typeof forMs === 'number' ? ` for ${duration(forMs)}` : '';
  const message = `no leader${since}: ${describeVoters(status)}`;
  return new TepuiError(error.code, message, { fields: error.fields, cause: error });
}

/** "1 of 3 voters reachable (m2; m1 and m3 refused)". */
export function describeVoters({ members, unanswered }: ClusterStatus): string {
  const voters = members.filter(({ voter }) => voter);
  const reachable = voters.filter(({ role }) => role !== 'unreachable').map(({ id }) => id as string);
  const byReason = new Map<string, string[]>();
  for (const { id, role, grpc } of voters) {
    if (role !== 'unreachable') continue;
    const reason = unanswered.find(({ address }) => address === grpc)?.reason ?? 'not asked';
    byReason.set(reason, [...(byReason.get(reason) ?? []), id]);
  }
  const parts = [...byReason].map(([reason, ids]) => `${enumerate(ids)} ${reason}`);
  if (reachable.length > 0) parts.unshift(enumerate(reachable));
  return `${reachable.length} of ${voters.length} voters reachable (${parts.join('; ')})`;
}

/** "m1", "m1 and m2", "m1, m2 and m3". */
function enumerate(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
