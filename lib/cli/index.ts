export { EXIT, describeError, exitCodeOf } from './exit.js';
export { processIo, type CliIo } from './io.js';
export { main, type CommandModule } from './program.js';
export { age, count, share, table, type Column } from './table.js';
