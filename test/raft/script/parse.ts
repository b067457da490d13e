import type { NodeId } from '../../../lib/base/index.js';
import type { Configuration } from '../../../lib/raft/index.js';

/** One line of a script that is not prose. */
export interface Command {
  /** Counted from 1. */
  readonly line: number;
  readonly name: string;
  readonly words: readonly string[];
}

/** What an `expect` line asserts: the subject, and each key with the value it must have. */
export interface Expectation {
  readonly subject: string;
  readonly values: readonly (readonly [key: string, value: string])[];
}

export interface Script {
  /** The first line of prose. */
  readonly title: string;
  readonly lines: readonly string[];
  readonly commands: readonly Command[];
}

/** Lines that begin with `#` are prose; others are a command and its words. */
export function parseScript(text: string): Script {
  const lines = text.split('\n');
  const commands = lines.flatMap((line, i): Command[] => {
    const [name, ...words] = line.trim().split(/\s+/);
    if (name === undefined || name === '' || name.startsWith('#')) return [];
    return [{ line: i + 1, name, words }];
  });
  const title = lines.find((line) => line.startsWith('#'))?.replace(/^#+\s*/, '') ?? '';
  if (title === '') throw new Error('a script begins with a line of prose that says what it shows');
  return { title, lines, commands };
}

/** `expect m1: role=leader term=1`. */
export function parseExpectation(words: readonly string[]): Expectation {
  const [subject, ...pairs] = words;
  if (subject === undefined || !subject.endsWith(':') || pairs.length === 0) {
    throw new Error('write: expect SUBJECT: key=value …');
  }
  const values = pairs.map((pair): readonly [string, string] => {
    const at = pair.indexOf('=');
    if (at < 1) throw new Error(`${pair}: write key=value`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return { subject: subject.slice(0, -1), values };
}

export function renderExpectation({ subject, values }: Expectation): string {
  return `expect ${subject}: ${values.map(([key, value]) => `${key}=${value}`).join(' ')}`;
}

const PARTS = ['voters', 'outgoing', 'learners', 'next'] as const;

/** `m1 m2 learners m3 outgoing m1 m4 next m4 auto lease 200`: voters come first. */
export function parseConfiguration(words: readonly string[]): Configuration {
  const parts: Record<(typeof PARTS)[number], NodeId[]> = {
    voters: [],
    outgoing: [],
    learners: [],
    next: [],
  };
  let part: (typeof PARTS)[number] = 'voters';
  let autoLeave = false;
  let leaseMs = 0;
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const named = PARTS.find((one) => one === word);
    if (named !== undefined) part = named;
    else if (word === 'auto') autoLeave = true;
    else if (word === 'lease') leaseMs = Number(rest.shift());
    else parts[part].push(word as NodeId);
  }
  const { voters, outgoing, learners, next } = parts;
  return { voters, outgoing, learners, learnersNext: next, autoLeave, leaseMs };
}
