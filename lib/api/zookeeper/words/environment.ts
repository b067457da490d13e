import { arch, freemem, homedir, hostname, release, tmpdir, totalmem, type, userInfo } from 'node:os';
import process from 'node:process';
import { serverNumber } from '../../../state/index.js';
import { version } from './format.js';
import type { WordSource } from './types.js';

const MEGABYTE = 2 ** 20;

/** The environment, in ZooKeeper's names as far as they mean something without Java. */
export function environmentOf(source: WordSource): Readonly<Record<string, string>> {
  return {
    'zookeeper.version': version(source),
    'host.name': hostname(),
    'node.version': process.version,
    'java.io.tmpdir': tmpdir(),
    'os.name': type(),
    'os.arch': arch(),
    'os.version': release(),
    'user.name': userName(),
    'user.home': homedir(),
    'user.dir': process.cwd(),
    'os.memory.free': `${Math.floor(freemem() / MEGABYTE)}MB`,
    'os.memory.max': `${Math.floor(totalmem() / MEGABYTE)}MB`,
    'os.memory.total': `${Math.floor(process.memoryUsage.rss() / MEGABYTE)}MB`,
  };
}

export function envi(source: WordSource): string {
  return `Environment:\n${lines(environmentOf(source))}`;
}

export function conf({ settings, port: portOf, dataDir, dataBytes, replica }: WordSource): string {
  const { secure, minTimeoutMs, maxTimeoutMs, connections, perAddress } = settings;
  const size = dataBytes();
  const port = portOf();
  return lines({
    clientPort: secure ? -1 : port,
    secureClientPort: secure ? port : -1,
    dataDir,
    dataDirSize: size,
    dataLogDir: dataDir,
    dataLogSize: size,
    maxClientCnxns: perAddress,
    maxCnxns: connections,
    minSessionTimeout: minTimeoutMs,
    maxSessionTimeout: maxTimeoutMs,
    serverId: serverNumber(replica.memberId),
  });
}

/** Log and state share one folder. */
export function dirs({ dataBytes }: WordSource): string {
  const size = dataBytes();
  return `datadir_size: ${size}\nlogdir_size: ${size}\n`;
}

function lines(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** A user without an entry has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '?';
  }
}
