import assert from 'node:assert/strict';
import { ByteWriter, MalformedError, TepuiError, type MemberId, type NodeId } from '../../lib/base/index.js';
import {
  COMMAND_LEVEL,
  DEFAULT_LIMITS,
  Machine,
  encodeCommand,
  encodeEntry,
  encodeSubBatch,
  expectKnownRecord,
  proposalFault,
  type MemberInfo,
  type PlainCommand,
} from '../../lib/state/index.js';
import { COMMAND_NUMBERS, commandNeed, decodeCommand } from '../../lib/state/registry.js';
import { decodeResult } from '../../lib/state/result-codec.js';
import { State, TABLE as TABLE_NUMBERS } from '../../lib/state/state.js';
import { Driver, M1, M2, M3, MIB, SESSION, running, update } from './support/driver.js';
import { Durable, wholeCut } from './support/durable.js';
import { SAMPLES } from './support/samples.js';

function info(node: NodeId, commandLevel: number, release: string): MemberInfo {
  return {
    kind: 'member-info',
    node,
    member: node.slice(0, 2) as MemberId,
    doors: { http: '', grpc: '', peer: '', zookeeper: '' },
    release,
    commandLevel,
    memoryBudgetBytes: 1024 * MIB,
  };
}

function inSession(command: PlainCommand): Uint8Array {
  return encodeCommand({
    kind: 'in-session',
    session: SESSION,
    sequence: 2 ** 40,
    acknowledgedBelow: 300,
    command,
  });
}

function refused(action: () => unknown): TepuiError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof TepuiError, String(error));
    return error;
  }
  assert.fail('nothing was thrown');
}

const RAISE: PlainCommand = { kind: 'alarm-raise', index: 1, digests: [] };
const SET: PlainCommand = { kind: 'tree-set', path: '/', data: new Uint8Array(300), expectedVersion: -1 };

describe('The level of a command', () => {
  it('is known of every kind, plain and within a session, and the highest is that of this release', () => {
    const levels = Object.values(SAMPLES).map((command) => commandNeed(encodeCommand(command)).level);
    assert.equal(Math.max(...levels), COMMAND_LEVEL);
    for (const command of Object.values(SAMPLES)) {
      if (command.kind === 'in-session') continue;
      const bare = commandNeed(encodeCommand(command));
      const within = commandNeed(inSession(command));
      assert.deepEqual(within.level, bare.level, command.kind);
      assert.equal(bare.what, `${command.kind} version 1`);
    }
  });

  it('is that of the first release for what is cut short, which apply refuses', () => {
    const bytes = inSession(SET);
    for (let size = 0; size < bytes.length; size++) {
      const { level } = commandNeed(bytes.subarray(0, size));
      assert.ok(level === 1 || level === Infinity, `${level} at ${size}`);
    }
  });
});

describe('A proposal', () => {
  const ALL = (): readonly NodeId[] => [M1, M2, M3];

  function fault(driver: Driver, command: Uint8Array, nodes: () => readonly NodeId[] = ALL): string | null {
    const found = proposalFault(driver.machine.cluster, nodes, command);
    assert.ok(found === null || found.code === 'UNSUPPORTED');
    return found?.message ?? null;
  }

  it('of a command that a member does not know is refused, naming member, release and level', () => {
    const driver = new Driver();
    driver.done(info(M1, 2, '0.2.0'));
    driver.done(info(M2, 2, '0.2.0'));
    driver.done(info(M3, 1, '0.1.0'));
    const expected =
      'alarm-raise version 1 needs command level 2, and m3 runs release 0.1.0, which knows level 1';
    assert.equal(fault(driver, encodeCommand(RAISE)), expected);
    assert.equal(fault(driver, inSession(RAISE)), expected);
    assert.equal(fault(driver, encodeCommand(SET)), null);
    assert.equal(fault(driver, inSession(SET)), null);
  });

  it('is taken once the last member runs the newer release, and refused again after one went back', () => {
    const driver = new Driver();
    for (const node of ALL()) driver.done(info(node, 1, '0.1.0'));
    for (const [i, node] of ALL().entries()) {
      const behind: string = fault(driver, encodeCommand(RAISE)) ?? '';
      assert.equal(behind.split('which knows level 1').length - 1, 3 - i);
      driver.done(info(node, 2, '0.2.0'));
    }
    assert.equal(fault(driver, encodeCommand(RAISE)), null);
    driver.done(info(M2, 1, '0.1.0'));
    assert.match(fault(driver, encodeCommand(RAISE)) ?? '', /m2 runs release 0\.1\.0/);
  });

  it('waits for a member that has told nothing, and not for one that is not in the configuration', () => {
    const driver = new Driver();
    driver.done(info(M1, 2, '0.2.0'));
    driver.done(info(M3, 1, '0.1.0'));
    assert.match(
      fault(driver, encodeCommand(RAISE), () => [M1, M2]) ?? '',
      /m2 has not told which one it knows/,
    );
    assert.equal(
      fault(driver, encodeCommand(RAISE), () => [M1, M1]),
      null,
    );
  });

  it('of what this release itself does not know is refused by its number', () => {
    const newer = encodeCommand(SET);
    newer[1] = 3;
    const within = inSession(SET);
    within[within.lastIndexOf(COMMAND_NUMBERS['tree-set'], within.length - 300)] = 200;
    assert.match(
      fault(new Driver(), Uint8Array.of(99, 1)) ?? '',
      /^command 99 version 1 is unknown to this release/,
    );
    assert.match(fault(new Driver(), newer) ?? '', /^command 6 version 3 is unknown/);
    assert.match(fault(new Driver(), within) ?? '', /^command 200 version 1 is unknown/);
  });
});

const OF_RESTORES: ReadonlySet<number> = new Set([
  TABLE_NUMBERS.restored,
  TABLE_NUMBERS.staging,
  TABLE_NUMBERS.staged,
]);

/** A node with an ACL that is not open to all. */
const SECRET = {
  ...SAMPLES['coordination-write'],
  multi: false,
  ops: [
    {
      op: 'create',
      path: '/secret',
      data: null,
      acl: [{ permissions: 1, scheme: 'ip', id: '10.0.0.1' }],
      mode: 'persistent',
      ttlMs: 0,
    },
  ],
} as const;

describe('What a newer release wrote', () => {
  it('into the log stops the machine, which names the release of the members that know it', () => {
    const driver = new Driver();
    driver.done(info(M1, COMMAND_LEVEL, '0.2.0'));
    driver.done(info(M2, COMMAND_LEVEL + 1, '0.9.1'));
    driver.done(info(M3, COMMAND_LEVEL + 2, '0.9.2'));
    const entry = encodeEntry(1, [encodeSubBatch(M2, 1, 1, [Uint8Array.of(99, 1, 5)])]);
    const error = refused(() => driver.apply(entry));
    assert.equal(error.code, 'NEWER_FORMAT');
    assert.equal(
      error.message,
      `command 99 version 1 is unknown to this release (command level ${COMMAND_LEVEL}); ` +
        `it needs a newer one: m2 runs 0.9.1 (level ${COMMAND_LEVEL + 1}), m3 runs 0.9.2 (level ${COMMAND_LEVEL + 2})`,
    );
  });

  it('within a session stops the machine as well', () => {
    const bytes = inSession(SET);
    bytes[bytes.lastIndexOf(COMMAND_NUMBERS['tree-set'], bytes.length - 300)] = 200;
    const error = refused(() => new Driver().apply(encodeEntry(1, [encodeSubBatch(M1, 1, 1, [bytes])])));
    assert.equal(error.code, 'NEWER_FORMAT');
  });

  it('as a list of limits stops it: refusing them would tell the copies apart', () => {
    const { kind: _, clusterId } = SAMPLES['cluster-init'];
    const w = new ByteWriter().u8(COMMAND_NUMBERS['cluster-init']).u8(1).text(clusterId);
    const bytes = w.uint(100).raw(new Uint8Array(100).fill(1)).finish();
    assert.match(refused(() => decodeCommand(bytes)).message, /^a list of limits has version 100/);
  });

  it('as a record is refused by table and version, of every table, and is not taken for damage', () => {
    const driver = running('t1');
    driver.done({ kind: 'session-open', session: SESSION, timeoutMs: 60_000 });
    driver.run({ kind: 'in-session', session: SESSION, sequence: 1, acknowledgedBelow: 1, command: SET });
    driver.done(update('t1', 1, 1));
    driver.done(info(M1, 2, '0.2.0'));
    driver.done({ kind: 'role-weight', role: 'batch', weightMilli: 2500 });
    driver.done(SAMPLES['join-token-issue']);
    driver.done(SAMPLES['member-mark']);
    driver.done(SAMPLES['upkeep-set']);
    driver.done(SAMPLES['member-retired']);
    driver.done(SAMPLES['coordination-open']);
    driver.done(SECRET);
    driver.done({ kind: 'checkpoint' });
    driver.done(RAISE);
    const durable = new Durable();
    durable.take(wholeCut(driver.machine, driver.index, 1));
    const seen = new Set<number>();
    for (const record of durable.records.values()) {
      seen.add(record.table);
      expectKnownRecord(record);
      const value = record.value.slice();
      value[0] = 100;
      const error = refused(() => new Machine(DEFAULT_LIMITS).load({ ...record, value }));
      assert.equal(error.code, 'NEWER_FORMAT');
      assert.match(
        error.message,
        /^a record of table [-a-z]+ has version 100; this release reads up to version \d$/,
      );
    }
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      // What a restore leaves is in restores.test.ts: it would end what is here.
      new State(DEFAULT_LIMITS).tables
        .map(({ number }) => number)
        .filter((number) => !OF_RESTORES.has(number)),
    );
    const unknown = refused(() => expectKnownRecord({ table: 99, value: Uint8Array.of(1) }));
    assert.deepEqual(
      [unknown.code, unknown.message],
      ['NEWER_FORMAT', 'a record of table 99, which this release does not know'],
    );
  });

  it('as the result of a call is refused by name', () => {
    const code = new ByteWriter().u8(0).uint(5).text('NEVER_HEARD_OF').text('m').finish();
    assert.match(refused(() => decodeResult(code)).message, /unknown code NEVER_HEARD_OF/);
    assert.match(refused(() => decodeResult(Uint8Array.of(50, 1))).message, /^a result has version 50/);
    assert.throws(() => decodeResult(Uint8Array.of(2, 1)), MalformedError);
  });
});
