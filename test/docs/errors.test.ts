import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { status as Status } from '@grpc/grpc-js';
import { CATALOGUE, TepuiError, type ErrorCode } from '../../lib/base/index.js';
import { exitCodeOf } from '../../lib/cli/index.js';
import { GRPC_STATUS } from '../../lib/wire/status.js';

const PAGE = fileURLToPath(new URL('../../../docs/errors.md', import.meta.url));

/** Cells of the page's rows, without the one that says in words what happened. */
function described(): string[][] {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  return rows.map((row) => {
    const [code, , ...rest] = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return [code!.replaceAll('`', ''), ...rest];
  });
}

function catalogued(): string[][] {
  return Object.entries(CATALOGUE).map(([name, { certainty, remedy }]) => {
    const code = name as ErrorCode;
    const exit = String(exitCodeOf(new TepuiError(code, '')));
    return [code, certainty, Status[GRPC_STATUS[code]], exit, remedy];
  });
}

describe('docs/errors.md', () => {
  it('has one row per error, with its certainty, gRPC status, exit code and remedy', () => {
    assert.deepEqual(described(), catalogued());
  });
});
