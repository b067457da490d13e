import { ZK_ERROR } from '../../../lib/wire/zookeeper/index.js';
import type { Register } from '../../judges/register.js';
import { ABSENT, type History } from '../../history/history.js';
import { create } from '../../zookeeper/requests.js';
import { Session, Unanswered, type Member } from '../../zookeeper/session.js';
import { LOCK, REGISTERS, ROOT, SESSIONS, SET, SLOTS, WATCHED } from './places.js';

const TIMEOUT_MS = 10_000;
const LIMIT_MS = 20_000;

/** Makes the nodes that last. Returns what registers hold before the first operation. */
export async function setUp(
  members: readonly Member[],
  history: History,
): Promise<ReadonlyMap<string, Register>> {
  const session = new Session('set-up', members, TIMEOUT_MS, history);
  const untilMs = performance.now() + LIMIT_MS;
  const late = setTimeout(() => session.abandon(), LIMIT_MS);
  try {
    for (const path of [ROOT, SET, SESSIONS, LOCK, WATCHED, ...REGISTERS]) {
      while (!(await made(session, path))) {
        if (performance.now() > untilMs) throw new Error(`${path} could not be created in ${LIMIT_MS} ms`);
      }
    }
  } finally {
    clearTimeout(late);
    await session.close();
  }
  const initial = new Map<string, Register>();
  for (const path of REGISTERS) initial.set(path, { value: '', version: 0 });
  for (const path of SLOTS) initial.set(path, { value: '', version: ABSENT });
  return initial;
}

async function made(session: Session, path: string): Promise<boolean> {
  await session.ready();
  try {
    const { err } = await session.ask(create(path, ''));
    return err === ZK_ERROR.ok || err === ZK_ERROR.nodeExists;
  } catch (error) {
    if (error instanceof Unanswered) return false;
    throw error;
  }
}
