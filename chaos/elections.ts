import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Terms in which a master led, as the masters' own logs tell. */
export function electionsIn(dir: string, masters: readonly string[]): number {
  const terms = new Set<number>();
  for (const id of masters) {
    for (const line of readFileSync(path.join(dir, id, 'log.jsonl'), 'utf8').split('\n')) {
      const term = termOfElection(line);
      if (term !== null) terms.add(term);
    }
  }
  return terms.size;
}

/** A process that was killed while it wrote may have left half a line. */
function termOfElection(line: string): number | null {
  if (!line.includes('"leading"')) return null;
  try {
    const { view } = JSON.parse(line) as { view?: { kind: string; term: number } };
    return view?.kind === 'leading' ? view.term : null;
  } catch {
    return null;
  }
}
