import { ZK_ERROR } from '../../lib/wire/zookeeper/index.js';
import type { History } from '../history/history.js';
import { children, get } from './requests.js';
import { Expired, Session, Unanswered, type Member } from './session.js';

const TIMEOUT_MS = 10_000;
const AT_ONCE = 50;

/** Every node below `root` as this member has it, by path; null when it did not say within `limitMs`. */
export async function walk(
  member: Member,
  root: string,
  history: History,
  limitMs: number,
): Promise<Readonly<Record<string, string>> | null> {
  const session = new Session(`walk-${member.id}`, [member], TIMEOUT_MS, history);
  const late = setTimeout(() => session.abandon(), limitMs);
  try {
    await session.ready();
    const nodes: Record<string, string> = {};
    const open = [root];
    while (open.length > 0) {
      const some = open.splice(0, AT_ONCE);
      const asked = some.flatMap((path) => [get(path), children(path)]);
      const answers = await session.askAll(asked);
      some.forEach((path, i) => {
        const [own, list] = [answers[2 * i]!, answers[2 * i + 1]!];
        if (own.err !== ZK_ERROR.ok) return;
        nodes[path] = JSON.stringify([own.value, own.stat]);
        for (const name of list.names ?? []) open.push(`${path}/${name}`);
      });
    }
    return nodes;
  } catch (error) {
    if (error instanceof Unanswered || error instanceof Expired) return null;
    throw error;
  } finally {
    clearTimeout(late);
    await session.close();
  }
}
