export { answerWord } from './answer.js';
export { DEFAULT_WORDS, isWord, WORDS, type Word } from './names.js';
export type { ConnectionView, DoorSettings, WordSource } from './types.js';
