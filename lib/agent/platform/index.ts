import { genericPlatform } from './generic.js';
import { linuxPlatform } from './linux.js';
import type { Platform } from './types.js';

export { identityOf, isAlive, type Platform, type ProcessIdentity, type TaskMark } from './types.js';

/** The port to the system this process runs on. */
export function thisPlatform(): Platform {
  return process.platform === 'linux' ? linuxPlatform() : genericPlatform();
}
