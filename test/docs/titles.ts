import { readFileSync } from 'node:fs';

const TITLE = /\b(?:it|describe)\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs;

/** What the tests of a source file are called. A title made from data stands for whatever any data would give. */
export function titlesIn(file: string): RegExp[] {
  return [...readFileSync(file, 'utf8').matchAll(TITLE)].map(([, quote, text]) => {
    const plain = text!.replaceAll(/\\(.)/g, '$1');
    const parts = quote === '`' ? plain.split(/\$\{[^}]*\}/) : [plain];
    return new RegExp(`^${parts.map(literally).join('.+')}$`);
  });
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
