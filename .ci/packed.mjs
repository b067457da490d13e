// The published package: packed, installed without development dependencies into an empty folder, run, imported.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = mkdtempSync(path.join(tmpdir(), 'tepui-packed-'));
try {
  const run = (command, args, cwd) =>
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const name = run('npm', ['pack', '--silent', '--pack-destination', root], '.').trim().split('\n').at(-1);
  writeFileSync(
    path.join(root, 'package.json'),
    JSON.stringify({ name: 'user', private: true, type: 'module' }),
  );
  run('npm', ['install', '--omit=dev', '--no-audit', '--no-fund', path.join(root, name)], root);
  writeFileSync(
    path.join(root, 'sdk.mjs'),
    "const sdk = await import('tepui');\nif (typeof sdk.Framework !== 'function') throw new Error('no SDK');\nconsole.log(Object.keys(sdk).join(' '));\n",
  );
  console.log(run(process.execPath, ['sdk.mjs'], root));
  const bin = path.join(root, 'node_modules/.bin/tepui');
  const dev = spawn(bin, ['dev', '--json', '--dir', path.join(root, 'dev'), '--port-offset', '22000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => dev.once('exit', resolve));
  const first = await Promise.race([
    new Promise((resolve) => createInterface({ input: dev.stdout }).once('line', resolve)),
    ended.then((code) => Promise.reject(new Error(`dev ended with ${code}`))),
  ]);
  console.log(`serves: ${JSON.parse(first).leader} leads`);
  dev.kill('SIGINT');
  await ended;
} finally {
  rmSync(root, { recursive: true, force: true });
}
