import { arch, EOL, freemem, homedir, hostname, release, tmpdir, totalmem, type, userInfo } from 'node:os';
import { delimiter, sep } from 'node:path';
import process from 'node:process';
import { utf8Decode } from '../../../base/index.js';
import { serverNumber, SYSTEM } from '../../../state/index.js';
import { version } from './format.js';
import type { WordSource } from './types.js';

const MEGABYTE = 2 ** 20;

/** The environment, in ZooKeeper's names as far as they mean something without Java. */
export function environmentOf(source: WordSource): Readonly<Record<string, string>> {
  return {
    'zookeeper.version': version(source),
    'host.name': hostname(),
    ...systemOf(),
    'os.memory.free': `${Math.floor(freemem() / MEGABYTE)}MB`,
    'os.memory.max': `${Math.floor(totalmem() / MEGABYTE)}MB`,
    'os.memory.total': `${Math.floor(process.memoryUsage.rss() / MEGABYTE)}MB`,
  };
}

/** Java's system properties, as far as they mean something without it, and versions of what there is instead. */
export function propertiesOf(): Readonly<Record<string, string>> {
  const { v8, uv, openssl } = process.versions;
  return {
    ...systemOf(),
    'file.encoding': 'UTF-8',
    'file.separator': sep,
    'path.separator': delimiter,
    'line.separator': EOL,
    'v8.version': v8,
    'uv.version': uv,
    'openssl.version': openssl,
  };
}

function systemOf(): Readonly<Record<string, string>> {
  return {
    'node.version': process.version,
    'java.io.tmpdir': tmpdir(),
    'os.name': type(),
    'os.arch': arch(),
    'os.version': release(),
    'user.name': userName(),
    'user.home': homedir(),
    'user.dir': process.cwd(),
  };
}

export function envi(source: WordSource): string {
  return `Environment:\n${lines(environmentOf(source))}`;
}

export function conf({ settings, port: portOf, dataDir, dataBytes, replica }: WordSource): string {
  const { secure, minTimeoutMs, maxTimeoutMs, connections, perAddress } = settings;
  const size = dataBytes();
  const port = portOf();
  const { self, voter } = replica.status();
  const peerPort = self.doors.peer?.replace(/^.*:/, '') ?? -1;
  const values = lines({
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
    electionPort: peerPort,
    quorumPort: peerPort,
    peerType: voter ? 0 : 1,
  });
  // The last line has no end, as on ZooKeeper.
  return `${values}membership: \n${utf8Decode(replica.machine.tree.get(SYSTEM.config)?.data ?? NOTHING)}`;
}

const NOTHING = new Uint8Array(0);

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
