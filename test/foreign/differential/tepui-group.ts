import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { configFile, configFiles, makePlan } from '../../../lib/node/dev/plan.js';
import { freeOffset } from '../../support/dev-cluster.js';
import { eventually } from '../../support/eventually.js';
import { tempFolder } from '../../support/temp-folder.js';
import { logTail, TepuiProcess } from '../../support/tepui-process.js';
import { SASL_USERS } from './logins.js';
import { answers, type Servers } from './zookeeper-server.js';

const MASTERS = 3;
const START_MS = 60_000;
const LOG_LINES = 15;

/** Three masters of Tepui in a folder of their own, which is gone when they are stopped. */
export async function startTepui(): Promise<Servers> {
  const folder = tempFolder();
  const portOffset = await freeOffset(MASTERS);
  const rest = { agents: 0, sample: false, respawn: false, json: true, fresh: false };
  const plan = makePlan({ dir: folder.path, masters: MASTERS, portOffset, ...rest });
  for (const [file, config] of configFiles(plan)) {
    const { zookeeper, ...others } = config as { readonly zookeeper: object };
    mkdirSync(path.dirname(file), { recursive: true });
    const saslUsers = Object.fromEntries(SASL_USERS);
    writeFileSync(file, stringify({ ...others, zookeeper: { ...zookeeper, saslUsers } }));
  }
  const masters = plan.masters.map(({ folder: own }) => {
    return new TepuiProcess(['master', '--config', configFile(own)]);
  });
  const stop = async (): Promise<void> => {
    await Promise.all(masters.map((master) => master.end('SIGTERM')));
    folder.remove();
  };
  const said = (): string => {
    return plan.masters.map(({ id, folder: own }) => `${id}:\n${logTail(own, LOG_LINES)}`).join('\n');
  };
  const addresses = plan.masters.map(({ zookeeper }) => zookeeper);
  try {
    for (const address of addresses) {
      const serves = (): Promise<boolean> => {
        if (masters.some(({ hasEnded }) => hasEnded)) throw new Error('a master ended');
        return answers(address);
      };
      await eventually(serves, START_MS, `${address} serves`);
    }
  } catch (cause) {
    const words = `Tepui does not start: ${masters.map(({ stderr }) => stderr).join('\n')}\n${said()}`;
    await stop();
    throw new Error(words, { cause });
  }
  return { addresses, stop, said };
}
