/** ZooKeeper's four-letter words (FourLetterCommands) that are answered here. */
export const WORDS = [
  'conf',
  'cons',
  'crst',
  'dirs',
  'dump',
  'envi',
  'gtmk',
  'hash',
  'isro',
  'mntr',
  'ruok',
  'srst',
  'srvr',
  'stat',
  'wchc',
  'wchp',
  'wchs',
] as const;

export type Word = (typeof WORDS)[number];

/**
 * Words that are answered unless the configuration says otherwise: those that change nothing, cost little and name
 * no client, path or session. `envi` is among them because kazoo asks it for the server's version.
 */
export const DEFAULT_WORDS: readonly Word[] = ['conf', 'envi', 'isro', 'mntr', 'ruok', 'srvr'];

const ALL: ReadonlySet<string> = new Set(WORDS);

export function isWord(text: string): text is Word {
  return ALL.has(text);
}
