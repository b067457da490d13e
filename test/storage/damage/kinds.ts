import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KvOperation } from '../../../lib/storage/index.js';
import { writeBatches, type Prepared } from './prepared.js';
import { contentsOf, type Contents } from './contents.js';
import { recordsOf } from './level-log.js';

/** One way to damage a copy of the prepared folder. */
export interface Damage {
  readonly kind: string;
  /** Where exactly, for people. */
  readonly where: string;
  /** The witness is older as well: what is lost only the others can know. */
  readonly mayBeOld?: boolean;
  /** Neither identity.json nor the log says whose folder it is. */
  readonly mayBeRefused?: boolean;
  apply(folder: string): Promise<void>;
}

/** Parts of a folder; the last one stands for whichever state folder there is. */
const PARTS = ['identity.json', 'witness', 'raft', 'state'];

async function namesOf(folder: string, part: string): Promise<string[]> {
  return (await readdir(folder)).filter(
    (name) => name === part || (part === 'state' && /^state-\d+$/.test(name)),
  );
}

/** Every damage to the prepared folder, kind by kind. */
export async function everyDamage(truth: Prepared): Promise<Damage[]> {
  const all: Damage[] = [];
  const [state] = await namesOf(truth.folder, 'state');
  for (const database of ['raft', state!]) {
    for (const name of await filesOf(join(truth.folder, database))) {
      const bytes = await readFile(join(truth.folder, database, name));
      all.push(...damageOfFile(database, name, bytes));
    }
    all.push(...(await damageOfKeys(truth, database)));
  }
  all.push(...witnessDamage(await readFile(join(truth.folder, 'witness'))));
  all.push(...identityDamage(await readFile(join(truth.folder, 'identity.json'))));
  all.push(...staleParts(truth), ...wipes());
  return all;
}

async function filesOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /\.(log|ldb)$|^MANIFEST|^CURRENT$/.test(name)).sort();
}

/** `state-1` counts as `state`. */
function kindOf(database: string): string {
  return database.replace(/-\d+$/, '');
}

function typeOf(name: string): string {
  if (name.endsWith('.log')) return 'log';
  if (name.endsWith('.ldb')) return 'table';
  return name.startsWith('MANIFEST') ? 'manifest' : 'CURRENT';
}

function damageOfFile(database: string, name: string, bytes: Buffer): Damage[] {
  const file = join(database, name);
  const what = `${kindOf(database)} ${typeOf(name)}`;
  const all = [
    { kind: `${what}: missing`, where: file, apply: (to: string) => rm(join(to, file)) },
    change(`${what}: emptied`, file, 'all', () => Buffer.alloc(0)),
    ...cuts(what, file, bytes),
    ...flips(what, file, bytes),
    ...zeros(`${what}: 64 bytes zeroed`, file, bytes, 64),
    ...zeros(`${what}: sector zeroed`, file, bytes, 512),
  ];
  if (typeOf(name) === 'log' || typeOf(name) === 'manifest') all.push(...recordDamage(what, file, bytes));
  return all;
}

function change(kind: string, file: string, where: string, edit: (bytes: Buffer) => Buffer): Damage {
  const apply = async (folder: string): Promise<void> => {
    const path = join(folder, file);
    await writeFile(path, edit(Buffer.from(await readFile(path))));
  };
  return { kind, where: `${file} ${where}`, apply };
}

/** Every byte of the end of a file, and some of those before. */
const EVERY_BYTE = 6000;
const STRIDE = 29;

function placesIn({ length }: Buffer): number[] {
  const places: number[] = [];
  for (let at = 0; at < length; at += at + EVERY_BYTE < length ? STRIDE : 1) places.push(at);
  return places;
}

function cuts(what: string, file: string, bytes: Buffer): Damage[] {
  const { length } = bytes;
  return placesIn(bytes).map((at) =>
    change(`${what}: cut`, file, `at ${at} of ${length}`, (bytes) => bytes.subarray(0, at)),
  );
}

/** One bit of each byte; which one follows from the place, so that all eight are met. */
function flips(what: string, file: string, contents: Buffer): Damage[] {
  const { length } = contents;
  return placesIn(contents).map((at) =>
    change(`${what}: bit flipped`, file, `in byte ${at} of ${length}`, (bytes) => {
      bytes[at]! ^= 1 << ((at * 5) % 8);
      return bytes;
    }),
  );
}

function zeros(kind: string, file: string, { length }: Buffer, size: number): Damage[] {
  return Array.from({ length: Math.ceil(length / size) }, (_, n) =>
    change(kind, file, `from ${n * size} of ${length}`, (bytes) =>
      bytes.fill(0, n * size, Math.min(length, (n + 1) * size)),
    ),
  );
}

function recordDamage(what: string, file: string, bytes: Buffer): Damage[] {
  return recordsOf(bytes).flatMap(({ at, size }, n) => [
    change(`${what}: record zeroed`, file, `number ${n}`, (b) => b.fill(0, at, at + size)),
    change(`${what}: record's contents zeroed`, file, `number ${n}`, (b) => b.fill(0, at + 7, at + size)),
    change(`${what}: record taken out`, file, `number ${n}`, (b) =>
      Buffer.concat([b.subarray(0, at), b.subarray(at + size)]),
    ),
  ]);
}

// ------------------------------------------------------------------------------------------------------ keys

async function damageOfKeys(truth: Prepared, database: string): Promise<Damage[]> {
  // Reading changes a folder of LevelDB: a copy is read.
  const read = async (folder: string): Promise<Contents> => {
    const copy = await mkdtemp(join(truth.root, 'reading-'));
    await cp(join(folder, database), copy, { recursive: true });
    const contents = await contentsOf(copy);
    await rm(copy, { recursive: true });
    return contents;
  };
  const now = await read(truth.folder);
  const all = now.flatMap(([key, value], n) => valueDamage(database, key, value, now[(n + 1) % now.length]!));
  const present = new Map(now.map(([key, value]) => [hex(key), hex(value)]));
  for (const [age, copy] of truth.copies.slice(1).entries()) {
    const isThere = (await readdir(copy)).includes(database);
    for (const [key, value] of isThere ? await read(copy) : []) {
      const what = present.has(hex(key)) ? 'older value' : 'deleted key returns';
      if (present.get(hex(key)) === hex(value)) continue;
      all.push(keyDamage(`${kindOf(database)} key: ${what}`, database, key, value, ` of copy ${age + 1}`));
    }
  }
  return all;
}

function valueDamage(
  database: string,
  key: Uint8Array,
  value: Uint8Array,
  [, other]: [Uint8Array, Uint8Array],
): Damage[] {
  const flipped = value.slice();
  if (flipped.length > 0) flipped[(key.at(-1)! * 7) % flipped.length]! ^= 1 << (key.at(-1)! % 8);
  const damaged = (what: string, to: Uint8Array | null): Damage =>
    keyDamage(`${kindOf(database)} key: ${what}`, database, key, to);
  return [
    damaged('deleted', null),
    damaged('zeros', new Uint8Array(value.length)),
    damaged('emptied', new Uint8Array(0)),
    damaged('bit flipped', flipped),
    damaged('cut in half', value.subarray(0, value.length >> 1)),
    damaged("another's value", other),
  ];
}

function keyDamage(
  kind: string,
  database: string,
  key: Uint8Array,
  value: Uint8Array | null,
  more: string = '',
): Damage {
  const operation: KvOperation = value === null ? { type: 'delete', key } : { type: 'put', key, value };
  const where = `${database} ${printable(key)}${more}`;
  return { kind, where, apply: (folder) => writeBatches(join(folder, database), [[operation]]) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function printable(key: Uint8Array): string {
  return JSON.stringify(Buffer.from(key).toString('latin1'));
}

// ------------------------------------------------------------------------------- witness, identity, whole parts

const SLOT = 4096;

function witnessDamage(bytes: Buffer): Damage[] {
  const used = Array.from({ length: 110 }, (_, at) => at);
  const both = (edit: (bytes: Buffer, at: number) => void) => (b: Buffer) => {
    edit(b, 0);
    edit(b, SLOT);
    return b;
  };
  const flip = (b: Buffer, at: number): void => void (b[at]! ^= 1 << ((at * 5) % 8));
  return [
    ...[0, SLOT].flatMap((slot) => [
      ...used.map((at) =>
        change('witness: bit flipped', 'witness', `in byte ${slot + at}`, (b) => (flip(b, slot + at), b)),
      ),
      ...used.map((at) =>
        change('witness: zeroed to the end of a slot', 'witness', `from ${slot + at}`, (b) =>
          b.fill(0, slot + at, slot + SLOT),
        ),
      ),
    ]),
    ...used.map((at) =>
      change(
        'witness: bit flipped in both slots',
        'witness',
        `in byte ${at}`,
        both((b, slot) => flip(b, slot + at)),
      ),
    ),
    change('witness: all zeros', 'witness', '', (b) => b.fill(0)),
    change('witness: all ones', 'witness', '', (b) => b.fill(0xff)),
    ...Array.from({ length: bytes.length / 64 }, (_, n) =>
      change('witness: cut', 'witness', `at ${n * 64}`, (b) => b.subarray(0, n * 64)),
    ),
  ];
}

function identityDamage(bytes: Buffer): Damage[] {
  const file = 'identity.json';
  return [
    ...flips('identity', file, bytes),
    ...cuts('identity', file, bytes),
    ...zeros('identity: 16 bytes zeroed', file, bytes, 16),
    { kind: 'identity: missing', where: file, apply: (folder) => rm(join(folder, file)) },
  ];
}

/** The whole folder, or one part of it, as it was before. */
function staleParts(truth: Prepared): Damage[] {
  const parts = PARTS;
  return truth.copies.flatMap((copy, age) => [
    restored('older copy: everything', copy, age, parts),
    ...(age === 0 ? [] : parts.map((part) => restored(`older copy: ${part}`, copy, age, [part]))),
    restored('older copy: all but identity.json', copy, age, parts.slice(1)),
    restored('older copy: both databases', copy, age, parts.slice(2)),
  ]);
}

function restored(kind: string, copy: string, age: number, parts: readonly string[]): Damage {
  const apply = async (folder: string): Promise<void> => {
    for (const part of parts) {
      for (const name of await namesOf(folder, part)) await rm(join(folder, name), { recursive: true });
      for (const name of await namesOf(copy, part))
        await cp(join(copy, name), join(folder, name), { recursive: true });
    }
  };
  return { kind, where: `copy ${age}`, mayBeOld: parts.includes('witness'), apply };
}

/** Every set of the four parts is gone. */
function wipes(): Damage[] {
  return Array.from({ length: 15 }, (_, n) => {
    const gone = PARTS.filter((_part, bit) => ((n + 1) >> bit) & 1);
    const apply = async (folder: string): Promise<void> => {
      for (const part of gone)
        for (const name of await namesOf(folder, part)) await rm(join(folder, name), { recursive: true });
    };
    const kept = PARTS.filter((part) => !gone.includes(part)).join(', ');
    const mayBeRefused = gone.includes('identity.json') && gone.includes('raft');
    return { kind: `wiped: ${gone.join(', ')}`, where: kept, mayBeRefused, apply };
  });
}
