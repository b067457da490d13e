import { randomBytes } from 'node:crypto';
import { lifelineFd, runAgentProcess } from '../../../lib/agent/index.js';
import type { LinkEvents, MasterConnector } from '../../../lib/agent/link.js';
import { lineLogger } from '../../../lib/agent/holder/line-logger.js';
import { SYSTEM } from '../../../lib/client/internal.js';
import type { FromAgent, ToAgent } from './agent-process.js';

/** An agent process whose masters are the test: streams go through the channel to the parent process. */
const links = new Map<number, LinkEvents>();
let lastLink = 0;
const tell = (message: FromAgent): void => {
  if (process.connected) process.send?.(message);
};

const connector: MasterConnector = {
  connect: (address, registration, events) => {
    const link = ++lastLink;
    links.set(link, events);
    tell({ kind: 'connect', link, address, registration });
    return {
      send: (message) => tell({ kind: 'send', link, message }),
      close: () => {
        links.delete(link);
        tell({ kind: 'close', link });
      },
    };
  },
  close: () => {},
};

process.on('message', (message: ToAgent) => {
  const events = links.get(message.link);
  if (message.kind === 'deliver') events?.onMessage(message.message);
  else if (links.delete(message.link)) events?.onClosed(message.reason);
});
// The channel to the test may go before this process does.
process.on('disconnect', () => {});

const lifeline = lifelineFd(process.env);
const [folder, holderMain] = process.argv.slice(2);
await runAgentProcess({
  folder: folder!,
  hostname: 'test',
  resources: { cpus: 4, memMb: 4096, diskMb: 1024 },
  attributes: {},
  masters: ['m1', 'm2', 'm3'],
  connector,
  logger: lineLogger({ pid: process.pid }),
  clock: SYSTEM.clock,
  timers: SYSTEM.timers,
  random: { uint32: () => randomBytes(4).readUInt32LE() },
  ...(lifeline === undefined ? {} : { lifelineFd: lifeline }),
  ...(holderMain === undefined ? {} : { holderMain }),
});
