import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '../../../bench/support/ports.js';
import { SASL_USERS } from './logins.js';

/** With something that prints what it logs. */
const JARS = ['zookeeper', 'slf4j-simple'].map((name) => `/usr/share/java/${name}.jar`).join(':');
const MAIN = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
/** Runs a program, and kills it when whoever started this is gone. */
const UNTIL_INPUT_ENDS = 'exec 3<&0; "$@" & pid=$!; (cat <&3 >/dev/null; kill -9 $pid) & wait $pid';
const START_MS = 60_000;
const POLL_MS = 200;
const LOG_LINES = 15;

/** What Debian's server is told so that it does what Tepui does by default. */
const PROPERTIES = {
  'zookeeper.extendedTypesEnabled': true,
  'zookeeper.enforceQuota': true,
  // Empty containers would go when a clock says so.
  'znode.container.checkIntervalMs': 2 ** 31 - 1,
  'org.slf4j.simpleLogger.defaultLogLevel': 'error',
};

export interface Servers {
  /** Of its doors for clients. */
  readonly addresses: readonly string[];
  readonly stop: () => Promise<void>;
  /** The end of what they logged. */
  readonly said?: () => string;
}

/** One server of Debian's ZooKeeper with a folder of its own, which is gone when it is stopped. */
export async function startZooKeeper(): Promise<Servers> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tepui-zookeeper-'));
  const [port] = await freePorts(1);
  const dataDir = path.join(folder, 'data');
  mkdirSync(dataDir);
  const settings = {
    tickTime: 2000,
    dataDir,
    clientPort: port!,
    clientPortAddress: '127.0.0.1',
    'admin.enableServer': false,
    maxClientCnxns: 0,
    'authProvider.1': 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
  };
  const config = path.join(folder, 'zoo.cfg');
  writeFileSync(
    config,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const users = path.join(folder, 'users');
  writeFileSync(users, jaas());
  const logFile = path.join(folder, 'log');
  const log = openSync(logFile, 'w');
  const all = { ...PROPERTIES, 'java.security.auth.login.config': users };
  const properties = Object.entries(all).map(([name, value]) => `-D${name}=${value}`);
  const java = ['java', '-Xmx512m', ...properties, '-cp', JARS, MAIN, config];
  const child = spawn('bash', ['-c', UNTIL_INPUT_ENDS, 'bash', ...java], { stdio: ['pipe', log, log] });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.stdin?.destroy();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const address = `127.0.0.1:${port!}`;
  for (const until = Date.now() + START_MS; !(await answers(address)); await pause(POLL_MS)) {
    if (child.exitCode === null && Date.now() < until) continue;
    await stop();
    throw new Error('ZooKeeper does not start: is the package zookeeper installed?');
  }
  const said = (): string =>
    `ZooKeeper:\n${readFileSync(logFile, 'utf8').split('\n').slice(-LOG_LINES).join('\n')}`;
  return { addresses: [address], stop, said };
}

/** Who may log in with SASL, as Java is told. */
function jaas(): string {
  const users = Array.from(SASL_USERS, ([user, password]) => `user_${user}="${password}"`);
  return `Server { org.apache.zookeeper.server.auth.DigestLoginModule required ${users.join(' ')}; };\n`;
}

/** Whether a server at `address` serves clients. */
export function answers(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host: host!, port: Number(port) });
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(text.includes('Mode:')));
    socket.write('srvr');
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
