import { cons, crst } from './clients.js';
import { conf, dirs, envi } from './environment.js';
import { isServing } from './format.js';
import { hash } from './hash.js';
import { mntr } from './monitor.js';
import type { Word } from './names.js';
import { isro, srst, srvr, stat } from './server.js';
import { dump } from './sessions.js';
import type { WordSource } from './types.js';
import { wchc, wchp, wchs } from './watches.js';

const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests\n';

/** Kinds of events that go to ZooKeeper's trace log, as bits: there is no such log here. */
export const NO_TRACE = 0;

const ANSWERS: Readonly<Record<Word, (source: WordSource) => string>> = {
  conf,
  cons,
  crst,
  dirs,
  dump,
  envi,
  gtmk: () => `${NO_TRACE}`,
  hash,
  isro,
  mntr,
  ruok: () => 'imok',
  srst,
  srvr,
  stat,
  wchc,
  wchp,
  wchs,
};

/** What is true of this process whether there is a leader or not. */
const ALWAYS: ReadonlySet<Word> = new Set<Word>(['conf', 'dirs', 'envi', 'gtmk', 'isro', 'ruok']);

/** The answer to a word, as ZooKeeper 3.8 prints it. */
export function answerWord(word: Word, source: WordSource): string {
  if (!source.words.has(word)) return `${word} is not executed because it is not in the whitelist.\n`;
  if (!ALWAYS.has(word) && !isServing(source)) return NOT_SERVING;
  return ANSWERS[word](source);
}
