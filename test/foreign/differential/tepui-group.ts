import path from 'node:path';
import { freeOffset } from '../../support/dev-cluster.js';
import { tempFolder } from '../../support/temp-folder.js';
import { logTail, TepuiProcess } from '../../support/tepui-process.js';
import type { Servers } from './zookeeper-server.js';

const MASTERS = 3;
const START_MS = 60_000;
const POLL_MS = 50;
const LOG_LINES = 15;

/** Three masters of Tepui in a folder of their own, which is gone when they are stopped. */
export async function startTepui(): Promise<Servers> {
  const folder = tempFolder();
  const offset = await freeOffset(MASTERS);
  const flags = ['--masters', String(MASTERS), '--agents', '0', '--no-sample'];
  const dev = new TepuiProcess([
    'dev',
    '--json',
    '--dir',
    folder.path,
    '--port-offset',
    String(offset),
    ...flags,
  ]);
  const stop = async (): Promise<void> => {
    await dev.end('SIGINT');
    folder.remove();
  };
  for (const until = Date.now() + START_MS; !dev.stdout.includes('\n'); await pause(POLL_MS)) {
    if (!dev.hasEnded && Date.now() < until) continue;
    await stop();
    throw new Error(`Tepui does not start: ${dev.stderr}`);
  }
  const announced = JSON.parse(dev.stdout.split('\n')[0]!) as { masters: { id: string; zk: string }[] };
  const said = (): string => {
    const tail = ({ id }: { id: string }): string =>
      `${id}:\n${logTail(path.join(folder.path, id), LOG_LINES)}`;
    return announced.masters.map(tail).join('\n');
  };
  return { addresses: announced.masters.map(({ zk }) => zk), stop, said };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
