'use strict';
// Builds dist/ once when it is missing and the compiler is installed; otherwise says what to do.
const { existsSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const root = path.join(__dirname, '..');

/** The compiler's entry script, or null when development dependencies are not installed. */
function compiler() {
  try {
    const manifest = require.resolve('typescript/package.json', { paths: [root] });
    return path.join(path.dirname(manifest), 'bin', 'tsc');
  } catch {
    return null;
  }
}

/** Runs the build; returns the compiler's exit status. Output goes to stderr: stdout belongs to commands. */
function build() {
  const result = spawnSync(process.execPath, [compiler(), '-b', path.join(root, 'tsconfig.json')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  return result.status ?? 1;
}

/** Exits with code 2 and one clear message when there is no build and none can be made. */
function ensureBuilt() {
  if (existsSync(path.join(root, 'dist', 'lib', 'node', 'main.js'))) return;
  if (compiler() === null) {
    console.error(
      'tepui: dist/ is missing and the TypeScript compiler is not installed.\n' +
        'Run `npm install` (without --omit=dev) in the checkout, or install the published package.',
    );
    process.exit(2);
  }
  const status = build();
  if (status !== 0) {
    console.error('tepui: the build failed; see the messages above.');
    process.exit(2);
  }
}

module.exports = { build, compiler, ensureBuilt, root };
