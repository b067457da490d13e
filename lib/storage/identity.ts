import {
  TepuiError,
  crc32c,
  nodeId,
  randomHex,
  utf8Decode,
  utf8Encode,
  type ClusterId,
  type MemberId,
  type Random,
} from '../base/index.js';
import type { Disk } from './disk.js';
import type { Identity } from './types.js';

/**
 * Version of everything in a data folder. Raised when an older release could misread what a newer one writes;
 * a release reads its own version and says so when it finds a newer one.
 */
export const FORMAT_VERSION = 2;

/** A folder of the first generation is as the first release wrote it. */
const FIRST_FORMAT = 1;

const FILE = 'identity.json';

/**
 * The boot counter lives here and not in raft/: it must rise, and be synced, before raft/ is trusted, it must
 * survive a damaged raft/, and people should be able to read it. One atomic replacement per start is cheap.
 */
export async function readIdentity(disk: Disk, memberId: MemberId): Promise<Identity | null> {
  const bytes = await disk.readFile(FILE);
  if (bytes === null) return null;
  const identity = parseIdentity(disk.where, bytes);
  if (identity.memberId !== memberId) {
    throw new TepuiError(
      'FOREIGN_MEMBER',
      `${disk.where} belongs to member ${identity.memberId}, this process is ${memberId}`,
      { fields: { found: identity.memberId, expected: memberId } },
    );
  }
  return identity;
}

export async function writeIdentity(disk: Disk, identity: Identity): Promise<void> {
  const { clusterId, memberId, instance, boot, formerCluster, generation } = identity;
  const known = { clusterId, memberId, instance, boot, formerCluster };
  const fields =
    generation === 0 ? { format: FIRST_FORMAT, ...known } : { format: FORMAT_VERSION, ...known, generation };
  const text = JSON.stringify({ ...fields, checksum: checksumOf(fields) }, null, 2);
  await disk.replaceFile(FILE, utf8Encode(`${text}\n`));
}

/**
 * Over the other fields, as compact JSON in the order of the file: a flipped digit of the instance, of the boot counter
 * or of the generation would read as well as the right one, and the latter makes every other member give up.
 */
function checksumOf(fields: object): string {
  return crc32c(utf8Encode(JSON.stringify(fields)))
    .toString(16)
    .padStart(8, '0');
}

/** A folder that belongs to no group yet. `formerCluster` is set when it replaces one whose votes were lost. */
export function newIdentity(
  memberId: MemberId,
  random: Random,
  formerCluster: ClusterId | null = null,
  boot: number = 0,
  generation: number = 0,
): Identity {
  const instance = randomHex(random, 8);
  const node = nodeId(memberId, instance);
  return {
    format: FORMAT_VERSION,
    memberId,
    instance,
    clusterId: null,
    nodeId: node,
    boot,
    formerCluster,
    generation,
  };
}

/** Throws FOREIGN_CLUSTER when the folder is (or was) of another cluster. */
export function expectCluster(where: string, identity: Identity, expected: ClusterId): void {
  const found = identity.clusterId ?? identity.formerCluster;
  if (found === null || found === expected) return;
  throw new TepuiError('FOREIGN_CLUSTER', `${where} belongs to cluster ${found}, ${expected} was expected`, {
    fields: { found, expected },
  });
}

export function parseIdentity(where: string, bytes: Uint8Array): Identity {
  const { checksum, ...fields } = parseObject(where, bytes);
  const format = fields['format'];
  if (typeof format === 'number' && format > FORMAT_VERSION) {
    throw new TepuiError(
      'NEWER_FORMAT',
      `${where} has data format ${format}, this release knows up to ${FORMAT_VERSION}`,
      { fields: { found: format, known: FORMAT_VERSION } },
    );
  }
  // The first folders had no checksum; neither has one whose checksum lost its name.
  const isWhole =
    checksum === undefined ? Object.keys(fields).every(isField) : checksum === checksumOf(fields);
  if (!isWhole) throw new TepuiError('DAMAGED', `${where}/${FILE}: wrong checksum`);
  const { memberId, instance, clusterId, boot, formerCluster, generation = 0 } = fields;
  if (
    typeof format !== 'number' ||
    typeof memberId !== 'string' ||
    typeof instance !== 'string' ||
    !/^[0-9a-f]{16}$/.test(instance) ||
    typeof boot !== 'number' ||
    !Number.isSafeInteger(boot) ||
    !isClusterId(clusterId) ||
    !isClusterId(formerCluster) ||
    !isGeneration(generation)
  ) {
    throw new TepuiError('DAMAGED', `${where}/${FILE} lacks a field or has one of the wrong kind`);
  }
  const member = memberId as MemberId;
  return {
    format,
    memberId: member,
    instance,
    clusterId,
    nodeId: nodeId(member, instance),
    boot,
    formerCluster,
    generation,
  };
}

const FIELDS = new Set([
  'format',
  'clusterId',
  'memberId',
  'instance',
  'boot',
  'formerCluster',
  'generation',
]);

function isField(name: string): boolean {
  return FIELDS.has(name);
}

function isGeneration(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isClusterId(value: unknown): value is ClusterId | null {
  return value === null || (typeof value === 'string' && value.length > 0);
}

function parseObject(where: string, bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(utf8Decode(bytes));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    throw new TypeError('not an object');
  } catch (error) {
    throw new TepuiError('DAMAGED', `${where}/${FILE} cannot be read: ${String(error)}`, { cause: error });
  }
}
