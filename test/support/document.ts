import { readFileSync } from 'node:fs';

/** A fenced block of a page: its language, what else its first line says, and its text. */
export interface Block {
  readonly language: string;
  readonly where: string;
  readonly text: string;
}

export interface Command {
  readonly line: string;
  /** What the page shows below it. */
  readonly output: readonly string[];
}

export function blocksOf(file: string): Block[] {
  const blocks: Block[] = [];
  const fence = /^```(\S+) ?([^\n]*)\n(.*?)^```$/gms;
  for (const [, language, where, text] of readFileSync(file, 'utf8').matchAll(fence)) {
    blocks.push({ language: language!, where: where!, text: text! });
  }
  return blocks;
}

/** The commands of a console block, each after `$ `. */
export function commandsOf({ text }: Block): Command[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [line, ...output] = part.trimEnd().split('\n');
      return { line: line!, output };
    });
}

/** Without what differs from run to run: ids, numbers, who leads, and the widths of columns. */
export function shapeOf(output: string): string {
  return output
    .replaceAll(/\b[0-9a-f]{16,32}\b/g, 'ID')
    .replaceAll(/\b(leader|follower)( m\d)?\b/g, 'ROLE')
    .replaceAll(/[\d,]*\d/g, 'N')
    .replaceAll(/[ \t]+/g, ' ')
    .trim();
}
