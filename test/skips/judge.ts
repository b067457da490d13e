import { nameOf, type RanTest } from './record.js';

interface Entry {
  readonly name: string;
  readonly reason: string;
}

/** What a page says below each third-level heading: the name of a test or suite, and why it may be skipped. */
function entriesOf(page: string): Entry[] {
  return page
    .split(/^### /m)
    .slice(1)
    .map((part) => {
      const [heading = '', ...rest] = part.split('\n');
      const reason = rest.join('\n').replace(/^#.*/ms, '').trim();
      return { name: heading.trim().replace(/^(`+) ?(.*?) ?\1$/, '$2'), reason };
    });
}

/** What is wrong between the page that allows skips and the tests that ran; empty when nothing is. */
export function judgeSkips(page: string, ran: readonly RanTest[]): string[] {
  if (ran.length === 0) return ['no test was reported: the run did not go through the reporter'];
  const entries = entriesOf(page);
  const names = [...new Set(ran.map(({ titles }) => nameOf(titles)))];
  const skipped = new Set(ran.filter((test) => test.skipped).map(({ titles }) => nameOf(titles)));
  return [
    ...[...skipped]
      .filter((name) => !entries.some((entry) => holdsFor(entry, name)))
      .map((name) => `skipped without a reason: ${name}`),
    ...entries
      .filter((entry) => !names.some((name) => holdsFor(entry, name)))
      .map(({ name }) => `listed, but no such test: ${name}`),
    ...entries.filter(({ reason }) => reason === '').map(({ name }) => `listed without a reason: ${name}`),
    ...entries
      .filter(({ name }, i) => entries.findIndex((one) => one.name === name) < i)
      .map(({ name }) => `listed twice: ${name}`),
  ];
}

/** An entry may name a suite: it holds for each of its tests. */
function holdsFor(entry: Entry, test: string): boolean {
  return test === entry.name || test.startsWith(nameOf([entry.name, '']));
}
