import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LIFELINE_VARIABLE } from '../lifeline.js';
import type { AgentFolder } from '../names.js';

export interface LauncherOptions {
  readonly folder: AgentFolder;
  /** Passed on, so that the holder notices too when the parent of the agent has gone. */
  readonly lifelineFd?: number;
  /** The program of the holder; tests put one in its place that dies where they want. */
  readonly mainFile?: string;
}

/** Starts a holder process; `onExit` is called when it ends while this agent lives. */
export type LaunchHolder = (onExit: (code: number | null, signal: string | null) => void) => void;

/**
 * A task takes the holder about 10 KiB; the limit only keeps a defect from taking the machine. A small nursery
 * and no pool of compiler threads keep the process itself small.
 */
const NODE_FLAGS = ['--max-old-space-size=128', '--max-semi-space-size=1', '--v8-pool-size=0'];

/** The holder is detached: a session of its own, so that it outlives the agent and signals to its terminal. */
export function holderLauncher(options: LauncherOptions): LaunchHolder {
  const main = options.mainFile ?? fileURLToPath(new URL('./main.js', import.meta.url));
  const { folder, lifelineFd } = options;
  return (onExit) => {
    const output = fs.openSync(folder.holderOutput, 'a', 0o600);
    try {
      const child = spawn(process.execPath, [...NODE_FLAGS, main, folder.root], {
        cwd: folder.root,
        detached: true,
        env: holderEnvironment(lifelineFd),
        stdio: ['ignore', output, output, lifelineFd ?? 'ignore'],
      });
      child.once('exit', onExit);
      child.once('error', () => onExit(null, null));
      child.unref();
    } finally {
      fs.closeSync(output);
    }
  };
}

function holderEnvironment(lifelineFd: number | undefined): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    UV_THREADPOOL_SIZE: '2',
    ...(lifelineFd === undefined ? {} : { [LIFELINE_VARIABLE]: '3' }),
  };
}
