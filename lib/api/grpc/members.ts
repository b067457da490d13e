import { TepuiError } from '../../base/index.js';
import type { MemberChange, Replica } from '../../replica/index.js';
import type { ChangeMembersReply, ChangeMembersRequest } from '../../wire/index.js';

/** Has the leader change who is in the group; resolves when that is committed. */
export function changeMembers(replica: Replica, request: ChangeMembersRequest): Promise<ChangeMembersReply> {
  return new Promise((resolve, reject) => {
    replica.changeMembers(changeOf(request), (reply) => {
      if (!reply.ok) return reject(errorOf(reply.code, reply.message, reply.unknown));
      const { revision, ...answer } = reply.answer;
      resolve({ index: revision, ...answer });
    });
  });
}

function changeOf(request: ChangeMembersRequest): MemberChange {
  switch (request.kind) {
    case 'add':
      return { kind: 'add', member: request.id, replaces: request.replaces };
    case 'remove':
    case 'promote':
    case 'demote':
      return { kind: request.kind, member: request.value };
    case 'replace':
      return { kind: 'replace', member: request.member, by: request.by };
    case 'setUpkeep': {
      const { kind: _, ...policy } = request;
      return { kind: 'upkeep', policy };
    }
    case 'show':
      return { kind: 'upkeep', policy: null };
  }
}

/** A code that says "surely not done" must not stand for an attempt of which nobody knows what became. */
function errorOf(code: TepuiError['code'], message: string, unknown: boolean): TepuiError {
  const error = new TepuiError(code, message);
  if (!unknown || error.certainty === 'unknown') return error;
  return new TepuiError('OUTCOME_UNKNOWN', message);
}
