import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Operator } from '../../lib/client/index.js';
import { DevCluster, TEPUI } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';

const LIMIT_MS = 30_000;

class Command {
  out = '';
  readonly exited: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(cluster: DevCluster, ...argv: string[]) {
    const masters = cluster.grpcAddresses.join(',');
    const env = { ...process.env, TEPUI_MASTERS: masters };
    this.child = spawn(process.execPath, [TEPUI, ...argv], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.child.stdout?.on('data', (data: Buffer) => (this.out += data.toString()));
    this.exited = new Promise((resolve) => this.child.once('close', resolve));
  }

  interrupt(): void {
    this.child.kill('SIGINT');
  }

  running(): number {
    return this.out.split('\n').filter((line) => line.includes('"TASK_RUNNING"')).length;
  }

  get last(): unknown {
    return JSON.parse(this.out.trim().split('\n').at(-1) ?? 'null');
  }
}

describe('tepui run on a real cluster', function () {
  this.timeout(120_000);
  let cluster: DevCluster;
  let folder: string;
  let operator: Operator;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'tepui-run-'));
    cluster = await DevCluster.start({ agents: 2, respawn: true });
    operator = new Operator({ addresses: cluster.grpcAddresses });
  });

  after(async () => {
    operator.close();
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs every instance once and exits 0, while the leader is killed', async () => {
    const script = `echo run >> ${folder}/$TEPUI_TASK_ID; sleep 3`;
    const run = new Command(
      cluster,
      'run',
      '--name',
      'once',
      '--instances',
      '20',
      '--json',
      '--',
      'sh',
      '-c',
      script,
    );
    await eventually(() => run.running() >= 5, LIMIT_MS);
    const { leader } = await operator.status();
    cluster.signal(leader ?? '', 'SIGKILL');
    assert.equal(await run.exited, 0);
    assert.deepEqual(run.last, { finished: 20, failed: 0, lost: 0 });
    const files = readdirSync(folder);
    assert.equal(files.length, 20);
    for (const file of files) assert.equal(readFileSync(path.join(folder, file), 'utf8'), 'run\n', file);
  });

  it('exits 1 when a task fails, and launches it again with --retry', async () => {
    const run = new Command(
      cluster,
      'run',
      '--name',
      'bad',
      '--retry',
      '1',
      '--json',
      '--',
      'sh',
      '-c',
      'exit 3',
    );
    assert.equal(await run.exited, 1);
    assert.match(run.out, /"task":"bad-0","state":"TASK_FAILED"/);
    assert.match(run.out, /"task":"bad-0\.1","state":"TASK_FAILED"/);
    assert.deepEqual(run.last, { finished: 0, failed: 1, lost: 0 });
  });

  it('kills its tasks and removes its framework at Ctrl-C, and exits 130', async () => {
    const run = new Command(
      cluster,
      'run',
      '--name',
      'long',
      '--instances',
      '3',
      '--json',
      '--',
      'sleep',
      '1000',
    );
    await eventually(() => run.running() === 3, LIMIT_MS);
    run.interrupt();
    assert.equal(await run.exited, 130);
    await eventually(async () => {
      const { items } = await operator.tasks();
      return items.length === 0;
    }, LIMIT_MS);
    const { items } = await operator.frameworks();
    assert.equal(items.find(({ name }) => name === 'long')?.state, 'removed');
  });
});
