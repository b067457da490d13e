export { DEV_MASTERS } from './context.js';
export { EXIT, describeError, exitCodeOf } from './exit.js';
export { processIo, type CliIo } from './io.js';
export { buildProgram, main, type CommandModule } from './program.js';
