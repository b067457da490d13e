import { cpSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyPatch, type PlantedBug } from './planted.js';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** A copy of the build with the bug in it; the build itself is never touched. Returns its folder. */
export function copyWith({ name, patches }: PlantedBug): string {
  // First, so that a patch that does not fit leaves nothing behind.
  const patched = patches.map((patch) => {
    return [
      patch.file,
      applyPatch(readFileSync(path.join(ROOT, 'dist', patch.file), 'utf8'), patch),
    ] as const;
  });
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), `tepui-mutant-${name}-`)));
  for (const part of ['dist', 'bin', 'protos', 'package.json']) {
    cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true });
  }
  symlinkSync(realpathSync(path.join(ROOT, 'node_modules')), path.join(folder, 'node_modules'));
  for (const [file, source] of patched) writeFileSync(path.join(folder, 'dist', file), source);
  return folder;
}
