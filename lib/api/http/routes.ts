import type { Replica } from '../../replica/index.js';
import type { WordSource } from '../zookeeper/words/index.js';
import { COMMAND_NAMES, runCommand } from './admin/commands.js';
import { printJson } from './admin/jackson.js';
import { expose, METRICS_TYPE } from './metrics.js';

/** What the pages tell of. */
export interface HttpSource {
  readonly replica: Replica;
  /** Null where there is no door for ZooKeeper clients. */
  readonly zookeeper: WordSource | null;
}

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const COMMANDS = '/commands';

/** The page at `path`, which has no query; null: there is none. */
export function pageAt(path: string, source: HttpSource): Page | null {
  switch (path) {
    case '/livez':
      return { status: 200, type: TEXT, body: 'ok\n' };
    case '/readyz':
      return readiness(source.replica);
    case '/metrics':
      return { status: 200, type: METRICS_TYPE, body: expose(source.replica, source.zookeeper) };
    case COMMANDS:
    case `${COMMANDS}/`:
      return { status: 200, type: HTML, body: COMMAND_NAMES.map(link).join('<br/>\n') };
    default:
      return path.startsWith(`${COMMANDS}/`) ? command(path.slice(COMMANDS.length + 1), source) : null;
  }
}

/** Ready: it knows of a leader, and serves clients. Without a word for why not nobody could do anything about it. */
function readiness(replica: Replica): Page {
  const { trouble } = replica.status();
  if (trouble === null) return { status: 200, type: TEXT, body: 'ok\n' };
  return { status: 503, type: TEXT, body: `${trouble}\n` };
}

/** Errors of commands have the status 200 and say so in their answer, as on ZooKeeper 3.8. */
function command(name: string, { zookeeper }: HttpSource): Page {
  const error = 'This member has no door for ZooKeeper clients';
  const answer = zookeeper === null ? { command: name, error } : runCommand(name, zookeeper);
  return { status: 200, type: 'application/json', body: `${printJson(answer)}\n` };
}

function link(name: string): string {
  return `<a href="${COMMANDS}/${name}">${name}</a>\n`;
}
