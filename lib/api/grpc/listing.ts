import type { AgentId, FrameworkId } from '../../base/index.js';
import type { Machine } from '../../state/index.js';
import {
  EncodedMessage,
  operatorService,
  type ListReply,
  type MessageCodec,
  type TaskSummary,
} from '../../wire/index.js';
import { summarizeTask } from '../summaries.js';

/** Items that are made and encoded in one turn of the loop: some milliseconds of work. */
const SLICE = 100;

/**
 * A long list as one message, made and encoded in slices between which everybody else has their turn. The parts
 * of a message simply follow each other (protobuf: "last one wins" for fields, lists are joined). What changes
 * meanwhile may be seen or not; it comes after `index` in the stream of events.
 */
async function encodeInSlices<K, T>(
  codec: MessageCodec<ListReply<T>>,
  index: number,
  keys: readonly K[],
  item: (key: K) => T | null,
): Promise<EncodedMessage> {
  const parts: Buffer[] = [codec.encode({ index, items: [] })];
  for (let from = 0; from < keys.length; from += SLICE) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    const items = keys.slice(from, from + SLICE).flatMap((key) => item(key) ?? []);
    parts.push(codec.encode({ index: 0, items }));
  }
  return new EncodedMessage(parts);
}

export interface WantedTasks {
  readonly frameworkId: FrameworkId | null;
  readonly agentId: AgentId | null;
  /** The history too. */
  readonly completed: boolean;
}

/** Tasks of a framework, of an agent, or all. `machine` gives the present one: it may be replaced meanwhile. */
export function encodeTasks(machine: () => Machine, wanted: WantedTasks): Promise<EncodedMessage> {
  const { revision, tasks, frameworks } = machine();
  const ids =
    wanted.frameworkId === null ? frameworks.list().map((one) => one.frameworkId) : [wanted.frameworkId];
  const keys = ids.flatMap((id) => [
    ...tasks.keys(id, false),
    ...(wanted.completed ? tasks.keys(id, true) : []),
  ]);
  const item = (key: Uint8Array): TaskSummary | null => {
    const task = machine().tasks.byKey(key);
    if (task === null || (wanted.agentId !== null && task.agentId !== wanted.agentId)) return null;
    return summarizeTask(task);
  };
  return encodeInSlices(operatorService().methods.listTasks.response, revision, keys, item);
}
