import { createHash } from 'node:crypto';
import path from 'node:path';
import type { TaskRef } from './types.js';

const PLAIN = /^[A-Za-z0-9_-]$/;
/** File systems take 255 bytes; the rest is left for suffixes. */
const LONGEST = 180;

/**
 * An id as the name of a file: letters, digits, `_`, `-` and inner dots stay, all other bytes become `%XX`.
 * Different ids get different names; the result is never empty, `.`, `..` or hidden, and holds no separator.
 * A name too long for a file system keeps its beginning and gets the digest of the whole.
 */
export function fileName(id: string): string {
  let name = '';
  for (const character of id) {
    name += PLAIN.test(character) || (character === '.' && name !== '') ? character : percent(character);
  }
  if (name === '') return '%';
  if (name.length <= LONGEST) return name;
  return `${name.slice(0, LONGEST - 34)}%~${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}

function percent(character: string): string {
  let text = '';
  for (const byte of Buffer.from(character, 'utf8')) {
    text += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

/** Where everything of one agent lies. Owned by one agent process at a time (see `lock.ts`). */
export interface AgentFolder {
  readonly root: string;
  readonly meta: string;
  readonly checkpoint: string;
  readonly agentLock: string;
  readonly holderLock: string;
  readonly holderJournal: string;
  readonly holderSocket: string;
  readonly holderOutput: string;
  readonly tasks: string;
}

export function agentFolder(root: string): AgentFolder {
  const meta = path.join(root, 'meta');
  return {
    root,
    meta,
    checkpoint: path.join(meta, 'agent.log'),
    agentLock: path.join(meta, 'agent.lock'),
    holderLock: path.join(meta, 'holder.lock'),
    holderJournal: path.join(meta, 'holder.log'),
    holderSocket: path.join(meta, 'holder.sock'),
    holderOutput: path.join(meta, 'holder.out'),
    tasks: path.join(root, 'tasks'),
  };
}

export function sandboxOf(folder: AgentFolder, ref: TaskRef): string {
  return path.join(folder.tasks, fileName(ref.frameworkId), fileName(ref.taskId));
}
