import fs from 'node:fs';
import path from 'node:path';
import { lineLogger } from '../../../lib/agent/holder/line-logger.js';
import { runHolder } from '../../../lib/agent/holder/run-holder.js';
import { spawnTask, type SpawnTask } from '../../../lib/agent/holder/spawn.js';
import { lifelineFd } from '../../../lib/agent/lifeline.js';
import { agentFolder } from '../../../lib/agent/names.js';

/**
 * A holder that is killed at the start of a task whose id is `dies-before-spawn` or `dies-after-spawn`: between
 * the synced intent and the process, or between the process and its record.
 */
const spawn: SpawnTask = (order, events) => {
  if (order.taskId === 'dies-before-spawn') process.kill(process.pid, 'SIGKILL');
  spawnTask(order, {
    ...events,
    onStarted: (pid) => {
      if (order.taskId === 'dies-after-spawn') {
        // Its process must have got to work, or there would be nothing to find.
        while (!fs.existsSync(path.join(order.sandbox, 'ready'))) continue;
        process.kill(process.pid, 'SIGKILL');
      }
      events.onStarted(pid);
    },
  });
};

const lifeline = lifelineFd(process.env);
await runHolder({
  folder: { ...agentFolder(process.argv[2]!), holderSocket: 'meta/holder.sock' },
  ...(lifeline === undefined ? {} : { lifelineFd: lifeline }),
  logger: lineLogger(),
  spawn,
});
