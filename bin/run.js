'use strict';
// Runs a development tool on a fresh build: `node bin/run.js mocha --grep x`.
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { build, compiler, root } = require('./ensure-built.js');

if (compiler() === null) {
  console.error('tepui: this needs the development dependencies: run `npm install` without --omit=dev.');
  process.exit(2);
}
if (build() !== 0) process.exit(1);
const [tool, ...args] = process.argv.slice(2);
const script = tool.endsWith('.js')
  ? path.join(root, tool)
  : path.join(path.dirname(require.resolve(`${tool}/package.json`, { paths: [root] })), 'bin', `${tool}.js`);
const env = { ...process.env, UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '8' };
const result = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit', env });
process.exit(result.status ?? 1);
