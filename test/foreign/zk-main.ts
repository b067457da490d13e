import assert from 'node:assert/strict';
import { startZooKeeper } from './differential/zookeeper-server.js';
import { eventually } from '../support/eventually.js';
import { TepuiProcess, tepui } from '../support/tepui-process.js';

// `tepui zk` on Debian's ZooKeeper: `node dist/test/foreign/zk-main.js [ADDRESS]`. With an address: on the server there.

const LIMIT_MS = 30_000;

interface Step {
  readonly argv: readonly string[];
  /** What standard output is, or is like. */
  readonly prints: string | RegExp;
  readonly exitCode?: number;
  readonly auth?: string;
}

const AUTH = 'digest:user:password';

const STEPS: readonly Step[] = [
  { argv: ['create', '/app', 'blue'], prints: '/app\n' },
  { argv: ['create', '/app', 'blue'], prints: '', exitCode: 3 },
  { argv: ['get', '/app'], prints: 'blue' },
  { argv: ['set', '/app', 'red', '-v', '0'], prints: '/app has version 1\n' },
  { argv: ['set', '/app', 'red', '-v', '0'], prints: '', exitCode: 3 },
  { argv: ['create', '/app/n-', '-s'], prints: '/app/n-0000000000\n' },
  { argv: ['create', '/app/container', '-c'], prints: '/app/container\n' },
  { argv: ['create', '/app/ttl', '--ttl', '3600'], prints: '/app/ttl\n' },
  { argv: ['get', '/app/n-0000000000', '--json'], prints: /"data":null,"text":null/ },
  { argv: ['stat', '/app'], prints: /\ndataVersion = 1\n(.*\n)*numChildren = 3\n$/ },
  { argv: ['ls', '/app'], prints: 'container\nn-0000000000\nttl\n' },
  { argv: ['ls', '/app', '-R'], prints: '/app\n/app/container\n/app/n-0000000000\n/app/ttl\n' },
  { argv: ['getAcl', '/app'], prints: 'world:anyone:cdrwa\n' },
  { argv: ['create', '/mine', 'x', '--acl', 'auth::cdrwa'], prints: '/mine\n', auth: AUTH },
  { argv: ['get', '/mine'], prints: '', exitCode: 3 },
  { argv: ['get', '/mine'], prints: 'x', auth: AUTH },
  { argv: ['setAcl', '/mine', 'world:anyone:r'], prints: 'the ACL of /mine has version 1\n', auth: AUTH },
  { argv: ['get', '/mine'], prints: 'x' },
  { argv: ['whoami'], prints: 'ip:127.0.0.1\n' },
  { argv: ['sync', '/'], prints: 'synced /\n' },
  { argv: ['rm', '/mine'], prints: '1 node deleted\n' },
  { argv: ['rm', '/app'], prints: '', exitCode: 3 },
  { argv: ['rm', '/app', '-r'], prints: '4 nodes deleted\n' },
];

const [given] = process.argv.slice(2);
const server = given === undefined ? await startZooKeeper() : null;
const env = { TEPUI_ZK_SERVERS: given ?? server!.addresses[0]!, TEPUI_TIMEOUT: '20' };
try {
  for (const { argv, prints, exitCode = 0, auth = '' } of STEPS) {
    const { code, stdout, stderr } = await tepui(['zk', ...argv], { env: { ...env, TEPUI_ZK_AUTH: auth } });
    console.log(`tepui zk ${argv.join(' ')} [exit ${code}]\n${stdout}${stderr}`);
    assert.equal(code, exitCode);
    if (typeof prints === 'string') assert.equal(stdout, prints);
    else assert.match(stdout, prints);
  }
  await watches();
  console.log(`${STEPS.length} commands, a watch and an ephemeral node: as expected`);
} finally {
  await server?.stop();
}

async function watches(): Promise<void> {
  const watching = new TepuiProcess(['zk', 'watch', '/w', '-r'], { env });
  const until = (text: string): Promise<boolean> =>
    eventually(() => (watching.stdout + watching.stderr).includes(text), LIMIT_MS, text);
  await until('watching /w');
  await tepui(['zk', 'create', '/w'], { env });
  const holding = new TepuiProcess(['zk', 'create', '-e', '/w/lock'], { env });
  await until('created /w/lock\n');
  assert.equal((await holding.end('SIGINT')).code, 130);
  await until('deleted /w/lock\n');
  await tepui(['zk', 'rm', '/w'], { env });
  await until('deleted /w\n');
  const { code, stdout } = await watching.end('SIGINT');
  console.log(`tepui zk watch /w -r [exit ${code}]\n${stdout}`);
  assert.equal(code, 130);
}
