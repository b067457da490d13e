import { textFault } from '../checks.js';
import type { CodecsOf } from '../codec.js';
import type { CommandResult } from '../results.js';
import type { Digest } from '../store/digest.js';
import { ObjectTable, type RecordCodec } from '../store/object-table.js';
import { effect, refuse, refuseWith, type Turn } from '../turn.js';
import type { RoleCommand, RolesView, RoleWeight } from './types.js';

const ROLE_FIXED_BYTES = 128;
const DEFAULT_WEIGHT_MILLI = 1000;
const HEAVIEST_MILLI = 1_000_000_000;
/** Roles with a weight of their own. */
const ROLES = 10_000;

export const ROLE_CODECS: CodecsOf<RoleCommand> = {
  'role-weight': {
    grows: true,
    write: (w, c) => w.text(c.role).uint(c.weightMilli),
    read: (r) => ({ kind: 'role-weight', role: r.text(), weightMilli: r.uint() }),
  },
};

const ROLE_RECORD: RecordCodec<{ readonly weightMilli: number }> = {
  write: (w, role) => {
    w.uint(role.weightMilli);
  },
  read: (r) => ({ weightMilli: r.uint() }),
};

/** What operators set for roles. Roles themselves come with the frameworks that name them. */
export class RoleTable implements RolesView {
  readonly table: ObjectTable<{ readonly weightMilli: number }>;

  constructor(number: number, digest: Digest) {
    const fixedBytes = ROLE_FIXED_BYTES;
    this.table = new ObjectTable({
      number,
      name: 'roles',
      version: 1,
      fixedBytes,
      digest,
      codec: ROLE_RECORD,
    });
  }

  weightMilli(role: string): number {
    return this.table.get(role)?.weightMilli ?? DEFAULT_WEIGHT_MILLI;
  }

  list(): { readonly role: string; readonly weightMilli: number }[] {
    return this.table.ids().map((role) => ({ role, weightMilli: this.weightMilli(role) }));
  }
}

export function applyRoleWeight(roles: RoleTable, turn: Turn, command: RoleWeight): CommandResult {
  const { role, weightMilli } = command;
  if (role === '') return refuse(turn, 'INVALID_ARGUMENT', 'a role must not be empty');
  const fault = textFault('a role', role, turn.limits.idBytes);
  if (fault !== null) return refuseWith(turn, fault);
  if (weightMilli === 0 || weightMilli > HEAVIEST_MILLI) {
    return refuse(turn, 'INVALID_ARGUMENT', `weight ${weightMilli}; allowed are 1 to ${HEAVIEST_MILLI}`);
  }
  if (weightMilli === roles.weightMilli(role)) return effect(turn, false);
  if (weightMilli === DEFAULT_WEIGHT_MILLI) roles.table.delete(role);
  else if (roles.table.get(role) === null && roles.table.records >= ROLES) {
    return refuse(turn, 'TOO_LARGE', `${ROLES} roles have weights, the most there may be`);
  } else roles.table.put(role, { weightMilli });
  turn.events.push({ kind: 'role-weight-changed', revision: turn.revision, role });
  return effect(turn, true);
}
