import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIFELINE_VARIABLE } from '../../agent/lifeline.js';
import { TepuiError } from '../../base/index.js';

const BIN = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../../bin/tepui');
const LOWEST_PRIORITY = 19;
const LIMIT_MS = 30 * 60_000;

/**
 * Loads a snapshot file on trial in a process of its own: a second copy of the state has no place in the memory of a
 * master, nor its loading in the loop of one.
 */
export function verifyInChild(file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env };
    delete env[LIFELINE_VARIABLE];
    const child = spawn(process.execPath, [BIN, 'snapshot', 'inspect', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-2000);
    });
    child.once('error', (cause) =>
      reject(new TepuiError('STORAGE', `no trial load: ${cause.message}`, { cause })),
    );
    child.once('close', (code, signal) => {
      if (code === 0) return resolve();
      const how = said.trim() === '' ? `it ended with ${signal ?? code}` : said.trim().split('\n')[0];
      reject(new TepuiError('SNAPSHOT_DAMAGED', `the trial load failed: ${how}`));
    });
    if (child.pid !== undefined) {
      try {
        setPriority(child.pid, LOWEST_PRIORITY);
      } catch {
        // It is as quick as any other process then.
      }
    }
  });
}
