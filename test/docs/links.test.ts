import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

function pages(): string[] {
  const below = ['docs', 'lib', 'test', 'chaos', 'bench'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      path.join(folder, name),
    ),
  );
  return [...readdirSync(ROOT), ...below].filter((name) => name.endsWith('.md'));
}

/** Targets of the page's links that should exist beside it. */
function targets(page: string): string[] {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!.replace(/#.*/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

describe('every page', () => {
  it('links only to files that exist', () => {
    const broken = pages().flatMap((page) =>
      targets(page)
        .filter((target) => !existsSync(path.join(ROOT, path.dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    assert.deepEqual(broken, []);
  });

  it('is reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) {
      for (const target of targets(page)) {
        const name = path.join(path.dirname(page), target);
        if (name.endsWith('.md') && existsSync(path.join(ROOT, name))) reached.add(name);
      }
    }
    const listed = pages().filter((page) => !page.startsWith(path.join('docs', 'decisions')));
    assert.deepEqual(
      listed.filter((page) => !reached.has(page)),
      [],
    );
  });
});
