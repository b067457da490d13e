import type { Clock, Logger, Timers } from '../../base/index.js';
import type { BackupSource, Replica } from '../../replica/index.js';
import type { BackupConfig } from '../config/schema.js';
import { BackupFolder } from './folder.js';
import { BackupSchedule } from './schedule.js';
import { verifyInChild } from './verify.js';

export interface ScheduledBackupsHost {
  readonly replica: Replica;
  readonly source: BackupSource;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

const MINUTE_MS = 60_000;

/** The scheduled backups of one master, as its configuration wants them; started at once. */
export async function startBackups(
  config: BackupConfig,
  host: ScheduledBackupsHost,
): Promise<BackupSchedule> {
  const { replica, source, clock, timers, logger } = host;
  const folder = new BackupFolder({
    dir: config.dir,
    of: config.by === 'each' ? 'member' : 'cluster',
    clusterId: () => replica.status().clusterId,
    memberId: replica.memberId,
    source,
    verify: verifyInChild,
  });
  await folder.tidy();
  const schedule = new BackupSchedule({
    everyMs: config.everyMinutes * MINUTE_MS,
    keep: config.keep,
    mayRun: () => {
      const { kind } = replica.leadership();
      return kind === 'leading' || (config.by === 'each' && kind === 'following');
    },
    store: folder,
    clock,
    timers,
    logger,
  });
  schedule.start();
  return schedule;
}
