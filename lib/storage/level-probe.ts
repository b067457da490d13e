import { Level } from 'level';
import { isCorruption } from './level-errors.js';

/**
 * A program: reads and compacts all of the database named by its first argument. Some damage fails an assertion of
 * LevelDB, which ends the process; so a start that suspects a database lets this one meet it (`level-marks.ts`).
 */
const [, , folder = ''] = process.argv;
const database = new Level<Uint8Array, Uint8Array>(folder, {
  keyEncoding: 'view',
  valueEncoding: 'view',
  createIfMissing: false,
});
const SLICE = 1000;
/** LevelDB says itself that it is damaged; how a start reads it may still end the process before it hears so. */
const EXIT_DAMAGED = 3;

async function readAll(): Promise<void> {
  const iterator = database.iterator();
  try {
    while ((await iterator.nextv(SLICE)).length > 0);
  } finally {
    await iterator.close();
  }
}

try {
  await database.open();
  await readAll();
  const whole = database as typeof database & {
    compactRange(from: Uint8Array, to: Uint8Array): Promise<void>;
  };
  await whole.compactRange(new Uint8Array(0), Uint8Array.of(0xff));
} catch (error) {
  process.exitCode = isCorruption(error) ? EXIT_DAMAGED : 1;
} finally {
  // Waits for what LevelDB does in the background.
  await database.close();
}
