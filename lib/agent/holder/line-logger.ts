import type { Logger } from '../../base/index.js';

/** One JSON line per event on stdout, which is a file. The holder stays small: no logging library. */
export function lineLogger(bound: object = {}): Logger {
  const write = (level: string, fields: object, message: string): void => {
    const line = { time: new Date().toISOString(), level, ...bound, ...fields, message };
    try {
      process.stdout.write(`${JSON.stringify(line)}\n`);
    } catch {
      // A full disk costs the line, not the tasks.
    }
  };
  return {
    debug: () => {},
    info: (fields, message) => write('info', fields, message),
    warn: (fields, message) => write('warn', fields, message),
    error: (fields, message) => write('error', fields, message),
    child: (fields) => lineLogger({ ...bound, ...fields }),
  };
}
