import { openSync } from 'node:fs';
import path from 'node:path';
import { destination, pino } from 'pino';
import type { Logger } from '../base/index.js';

/**
 * Logs JSON lines to `log.jsonl` in the process's folder. Written synchronously: the lines before a crash are
 * the ones that matter, and there are few of them.
 */
export function fileLogger(folder: string, level: string, fields: object): Logger {
  const fd = openSync(path.join(folder, 'log.jsonl'), 'a');
  return pino({ level, base: { pid: process.pid, ...fields } }, destination({ dest: fd, sync: true }));
}
