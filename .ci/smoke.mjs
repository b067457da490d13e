// The main job as a newcomer meets it: `npm start`, a leader, agents, tasks; the leader is killed; Ctrl-C ends all.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const dir = mkdtempSync(path.join(tmpdir(), 'tepui-smoke-'));
const child = spawn(process.execPath, ['bin/tepui', 'dev', '--dir', dir, '--port-offset', '21000'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const lines = [];
const waiting = [];
createInterface({ input: child.stdout }).on('line', (line) => {
  console.log(line);
  lines.push(line);
  for (const one of waiting.splice(0)) one();
});

/** The first line from `from` on that matches, or a failure after `seconds`. */
async function line(pattern, from, seconds) {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const at = lines.findIndex((text, i) => i >= from && pattern.test(text));
    if (at >= 0) return { at, match: pattern.exec(lines[at]) };
    const left = until - Date.now();
    if (left <= 0) throw new Error(`no line like ${pattern} within ${seconds} s`);
    let timer;
    await Promise.race([
      new Promise((resolve) => waiting.push(resolve)),
      new Promise((resolve) => (timer = setTimeout(resolve, left))),
    ]);
    clearTimeout(timer);
  }
}

let status = 1;
try {
  const first = await line(/leader (m\d), term/, 0, 30);
  await line(/task .*: TASK_RUNNING/, 0, 30);
  const leader = first.match[1];
  const { match } = await line(new RegExp(`master ${leader}: leader \\(pid (\\d+)\\)`), 0, 5);
  process.kill(Number(match[1]), 'SIGKILL');
  const killedAt = lines.length;
  const next = await line(/leader (m\d), term/, killedAt, 10);
  if (next.match[1] === leader) throw new Error('the dead leader leads');
  await line(/task .*: TASK_RUNNING/, next.at, 20);
  status = 0;
} catch (error) {
  console.error(error);
} finally {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const begun = Date.now();
  child.kill('SIGINT');
  await ended;
  if (Date.now() - begun > 6000) {
    console.error(`Ctrl-C took ${Date.now() - begun} ms`);
    status = 1;
  }
  rmSync(dir, { recursive: true, force: true });
}
process.exit(status);
