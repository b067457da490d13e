import { createInterface } from 'node:readline';
import type { CliIo } from '../../cli/index.js';

/** The line that a person types; empty when there is nobody. */
export async function ask(io: CliIo, question: string): Promise<string> {
  io.out(question);
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    return line.trim();
  }
  return '';
}
