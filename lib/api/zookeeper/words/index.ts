export { answerWord, NO_TRACE } from './answer.js';
export { environmentOf, propertiesOf } from './environment.js';
export { isServing, mode, roundedMs, version, type Mode } from './format.js';
export { digestNumber } from './hash.js';
export { metrics, openFiles, openFilesLimit } from './monitor.js';
export { DEFAULT_WORDS, isWord, WORDS, type Word } from './names.js';
export { isro, outstanding } from './server.js';
export type { ConnectionView, DoorSettings, WordSource } from './types.js';
