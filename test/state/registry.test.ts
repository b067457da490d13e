import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { MalformedError } from '../../lib/base/index.js';
import { type Command, decodeCommand, encodeCommand } from '../../lib/state/index.js';
import { COMMAND_NUMBERS } from '../../lib/state/registry.js';
import { SAMPLES } from './support/samples.js';

/** `kind hex` per line, as they stand in logs of released versions: never edited, only added to. */
const GOLDEN = new URL('../../../test/state/golden/commands.txt', import.meta.url);

const ALL: readonly Command[] = Object.values(SAMPLES);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('The codec of commands', () => {
  it('reads back what it wrote, of every kind', () => {
    for (const command of ALL) assert.deepEqual(plain(decodeCommand(encodeCommand(command))), plain(command));
  });

  it('writes the bytes that logs already hold', () => {
    const lines = readFileSync(GOLDEN, 'utf8').trim().split('\n');
    const golden = new Map(lines.map((line) => line.split(' ') as [string, string]));
    for (const command of ALL)
      assert.equal(hex(encodeCommand(command)), golden.get(command.kind), command.kind);
    assert.equal(golden.size, ALL.length);
  });

  it('gives each kind a number of its own', () => {
    const numbers = Object.values(COMMAND_NUMBERS);
    assert.equal(new Set(numbers).size, numbers.length);
  });

  it('refuses every command that is cut short, and no other error comes of it', () => {
    for (const command of ALL) {
      const bytes = encodeCommand(command);
      for (let size = 0; size < bytes.length; size++) {
        assert.throws(
          () => decodeCommand(bytes.subarray(0, size)),
          MalformedError,
          `${command.kind} at ${size}`,
        );
      }
    }
  });

  it('refuses a session command within a session command', () => {
    const bytes = encodeCommand(SAMPLES['in-session']);
    const inner = bytes.lastIndexOf(COMMAND_NUMBERS['tree-set']);
    bytes[inner] = COMMAND_NUMBERS['in-session'];
    assert.throws(() => decodeCommand(bytes), MalformedError);
  });
});

/** Views and arrays of bytes alike as hexadecimal text. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => (inner instanceof Uint8Array ? hex(inner) : inner)),
  ) as unknown;
}
