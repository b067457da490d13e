import { TepuiError, randomHex, type FrameworkId, type Random } from '../../base/index.js';
import { FRAMEWORK_CAPABILITY, type Connection, type FrameworkSubscribe } from '../../state/index.js';
import { mesosCodecs, type mesos } from '../../wire/index.js';

const CAPABILITY_BITS: Readonly<Record<mesos.FrameworkCapabilityType, number>> = {
  UNKNOWN: 0,
  REVOCABLE_RESOURCES: FRAMEWORK_CAPABILITY.revocableResources,
  TASK_KILLING_STATE: FRAMEWORK_CAPABILITY.taskKillingState,
  GPU_RESOURCES: FRAMEWORK_CAPABILITY.gpuResources,
  SHARED_RESOURCES: FRAMEWORK_CAPABILITY.sharedResources,
  PARTITION_AWARE: FRAMEWORK_CAPABILITY.partitionAware,
  MULTI_ROLE: FRAMEWORK_CAPABILITY.multiRole,
  RESERVATION_REFINEMENT: FRAMEWORK_CAPABILITY.reservationRefinement,
  REGION_AWARE: FRAMEWORK_CAPABILITY.regionAware,
};

const DEFAULT_ROLE = '*';
const LONGEST_FAILOVER_MS = 2 ** 45;

function invalid(message: string): never {
  throw new TepuiError('INVALID_ARGUMENT', message);
}

/** SUBSCRIBE as a command. A framework without an id gets a random one. Throws INVALID_ARGUMENT or UNSUPPORTED. */
export function subscribeCommand(
  call: mesos.Call & { readonly type: 'SUBSCRIBE' },
  connection: Connection,
  random: Random,
): FrameworkSubscribe {
  const {
    framework_info: info,
    suppressed_roles: suppressed,
    offer_constraints: constraints,
  } = call.subscribe;
  if (Object.keys(constraints?.role_constraints ?? {}).length > 0) {
    throw new TepuiError('UNSUPPORTED', 'offer constraints are not supported by this release');
  }
  if (Object.keys(info.offer_filters ?? {}).length > 0) {
    throw new TepuiError('UNSUPPORTED', 'offer filters of a framework are not supported by this release');
  }
  const frameworkId = idOf(call.framework_id?.value, info.id?.value, random);
  const capabilities = capabilitiesOf(info);
  return {
    kind: 'framework-subscribe',
    frameworkId,
    name: info.name,
    user: info.user,
    principal: info.principal ?? '',
    roles: rolesOf(info, (capabilities & FRAMEWORK_CAPABILITY.multiRole) !== 0),
    suppressed: [...new Set(suppressed)].sort(),
    failoverTimeoutMs: failoverMsOf(info.failover_timeout ?? 0),
    capabilities,
    spec: mesosCodecs.frameworkInfo.encode({ ...info, id: { value: frameworkId } }),
    connection,
  };
}

function idOf(ofCall: string | undefined, ofInfo: string | undefined, random: Random): FrameworkId {
  const id = ofInfo ?? ofCall ?? '';
  if ((ofCall ?? id) !== id) invalid(`framework_id ${ofCall} differs from framework_info.id ${id}`);
  return (id === '' ? randomHex(random, 16) : id) as FrameworkId;
}

function capabilitiesOf(info: mesos.FrameworkInfo): number {
  return (info.capabilities ?? []).reduce(
    (bits, { type }) => bits | (type === undefined ? 0 : (CAPABILITY_BITS[type] ?? 0)),
    0,
  );
}

function rolesOf(info: mesos.FrameworkInfo, multiRole: boolean): string[] {
  const { role, roles = [] } = info;
  if (!multiRole && roles.length > 0)
    invalid('`roles` needs the capability MULTI_ROLE; without it set `role`');
  if (multiRole && role !== undefined) invalid('with the capability MULTI_ROLE set `roles`, not `role`');
  const wanted = multiRole ? roles : [role ?? DEFAULT_ROLE];
  if (wanted.length === 0) invalid('a framework with the capability MULTI_ROLE names at least one role');
  for (const one of wanted) checkRole(one);
  return [...new Set(wanted)].sort();
}

/** Role names as in Mesos: they become parts of paths. */
function checkRole(role: string): void {
  const parts = role.split('/');
  const bad = parts.some((part) => part === '' || part === '.' || part === '..' || part.startsWith('-'));
  if (bad || /\s/.test(role) || role.includes('\b')) invalid(`${JSON.stringify(role)} is not a valid role`);
  if (parts.length > 1 && parts.includes(DEFAULT_ROLE)) invalid(`role ${role}: * stands alone`);
}

function failoverMsOf(seconds: number): number {
  if (!(seconds >= 0)) invalid(`failover_timeout ${seconds} is no number of seconds`);
  return Math.min(Math.round(seconds * 1000), LONGEST_FAILOVER_MS);
}
