import type { Logger } from '../../lib/base/index.js';

/** Says nothing. */
export const quiet: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => quiet,
};
