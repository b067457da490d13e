import Mocha from 'mocha';
import { recordTests } from './record.js';

/** Mocha's dots, and a record of the run in the file that TEST_REPORT names, if it does. */
export default class RecordingReporter extends Mocha.reporters.Dot {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env['TEST_REPORT'];
    if (file !== undefined) recordTests(runner, file);
  }
}
