import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { freeOffset } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';
import { tempFolder } from '../support/temp-folder.js';
import { TepuiProcess } from '../support/tepui-process.js';

const LIMIT_MS = 30_000;

describe('dev of one master, without a terminal', function () {
  this.timeout(120_000);
  const folder = tempFolder();
  const running: TepuiProcess[] = [];

  afterEach(async () => {
    for (const one of running.splice(0)) await one.end('SIGINT');
  });
  after(() => folder.remove());

  async function dev(): Promise<TepuiProcess> {
    const offset = await freeOffset(1);
    const flags = ['--masters', '1', '--agents', '0', '--no-sample'];
    return start('dev', '--dir', folder.path, '--port-offset', String(offset), ...flags);
  }

  function start(...args: string[]): TepuiProcess {
    const process = new TepuiProcess(args);
    running.push(process);
    return process;
  }

  async function line(process: TepuiProcess, pattern: RegExp): Promise<RegExpExecArray> {
    return eventually(() => pattern.exec(process.stdout) ?? undefined, LIMIT_MS, `a line like ${pattern}`);
  }

  it('shows the master that somebody started again after its death, and leaves it running at the end', async () => {
    const process_ = await dev();
    const [, pid] = await line(process_, /^master m1: leader \(pid (\d+)\)$/m);
    process.kill(Number(pid), 'SIGKILL');
    await line(process_, new RegExp(`^m1 \\(pid ${pid}\\) ended: SIGKILL$`, 'm'));
    await line(process_, /^master m1: down$/m);
    const again = start('master', '--config', path.join(folder.path, 'm1', 'config.yaml'));
    await line(process_, new RegExp(`^master m1: leader \\(pid ${again.pid}\\)$`, 'm'));
    await line(process_, /^leader m1, term \d+, after \d+\.\d s without one$/m);
    const { stdout, code } = await process_.end('SIGINT');
    assert.equal(code, 130);
    const last = `m1 (pid ${again.pid}) was started by somebody else and goes on running\n`;
    assert.ok(stdout.endsWith(`stopping\n${last}`), stdout);
    assert.equal(again.hasEnded, false);
  });

  it('says why a process ended by itself, in the words of that process', async () => {
    const first = await dev();
    await line(first, /^leader m1/m);
    const second = await dev();
    await line(second, /^m1 \(pid \d+\) ended: exit 2, .* is held by another process \[FOLDER_IN_USE\]$/m);
    const output = readFileSync(path.join(folder.path, 'm1', 'output.log'), 'utf8');
    assert.match(output, /FOLDER_IN_USE/);
  });
});
