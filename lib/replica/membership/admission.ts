import { memberOf, type ErrorCode } from '../../base/index.js';
import type { Configuration } from '../../raft/index.js';
import type { Applicant } from './methods.js';
import { edited, type Situation } from './plan.js';

export type Verdict =
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  /** It has its place already: an earlier answer was lost. */
  | { readonly kind: 'present' }
  /** A new member with a token, which the group has to redeem first. */
  | { readonly kind: 'redeem' }
  | { readonly kind: 'let-in'; readonly next: Configuration; readonly why: string };

/** Whether a folder without a vote is let in, as a learner. */
export function judgeApplicant(situation: Situation, applicant: Applicant): Verdict {
  const { configuration, isActive } = situation;
  const { voters, learners } = configuration;
  const { node, member } = applicant;
  if (learners.includes(node)) return { kind: 'present' };
  if (voters.includes(node)) {
    // Founders are told by those who know of the group already, with the configuration that they voted for.
    return { kind: 'refused', code: 'NO_LEADER', message: `${node} is a founder: it is about to be told` };
  }
  const others = [...voters, ...learners].filter((one) => memberOf(one) === member);
  const alive = others.find(isActive);
  if (alive !== undefined) {
    const message = `${member} is in the group with the folder ${alive}, which is alive: ${node} cannot be ${member} too`;
    return { kind: 'refused', code: 'FOREIGN_MEMBER', message };
  }
  if (others.length > 0) return renewed(situation, applicant);
  if (applicant.tokenHash !== '') return { kind: 'redeem' };
  const known = [...new Set([...voters, ...learners].map(memberOf))].sort().join(', ');
  const message = `${member} is not a member; the members are ${known}. \`tepui members add\` lets another one in`;
  return { kind: 'refused', code: 'UNKNOWN_MEMBER', message };
}

/** A new member whose token was redeemed. */
export function welcomed({ configuration }: Situation, { node, member }: Applicant): Verdict {
  return {
    kind: 'let-in',
    next: edited(configuration, { learner: node }),
    why: `${member} came with a token, as ${node}`,
  };
}

/** A new folder of a member of the group; a former new one that never got a vote makes room for it. */
function renewed({ configuration }: Situation, { node, member }: Applicant): Verdict {
  const stale = configuration.learners.filter((one) => memberOf(one) === member);
  const cleared = stale.reduce((sum, one) => edited(sum, { without: one }), configuration);
  const why = `${member} came with a new folder, ${node}`;
  return { kind: 'let-in', next: edited(cleared, { learner: node }), why };
}
