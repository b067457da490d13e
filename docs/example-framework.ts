// A whole framework: runs some tasks, each once, through any failover, and tells how they ended.
//   node dist/docs/example-framework.js 127.0.0.1:5060,127.0.0.1:5160,127.0.0.1:5260
import { pathToFileURL } from 'node:url';
import { Framework, TepuiError, hasEnded, taskInfo, timesFitting, type Offer } from 'tepui';

const SIZE = { cpus: 0.1, memMb: 32 };

export async function runTasks(
  count: number,
  addresses: readonly string[],
  report: (line: string) => void = console.log,
): Promise<Map<string, string>> {
  const waiting = Array.from({ length: count }, (_, i) => `example-${i}`);
  const ends = new Map<string, string>();

  return new Promise((resolve, reject) => {
    const framework = new Framework({
      addresses,
      name: 'example',
      failoverTimeoutMs: 60_000,
      handlers: {
        offers: async (offers) => {
          await Promise.all(offers.map(launch));
        },
        // Acknowledged once this returns; an update is never handed over twice.
        update: async ({ task_id: task, state }) => {
          report(`${task.value} ${state}`);
          if (hasEnded(state)) ends.set(task.value, state);
          if (ends.size < count) return;
          await framework.teardown();
          resolve(ends);
        },
        error: reject,
      },
    });

    async function launch(offer: Offer): Promise<void> {
      const ids = waiting.splice(0, timesFitting(offer, SIZE));
      if (ids.length === 0) {
        await framework.decline([offer.id.value], { refuse_seconds: 1 });
        return;
      }
      const tasks = ids.map((id) => taskInfo(offer, { id, command: `echo hello from ${id}`, ...SIZE }));
      try {
        await framework.accept([offer.id.value], tasks);
      } catch (error) {
        // Surely not launched: again with another offer. Otherwise an update tells what became of them.
        if (error instanceof TepuiError && error.certainty === 'not-done') waiting.push(...ids);
        else await framework.reconcile(ids);
      }
    }

    framework.start(30_000).catch(reject);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runTasks(3, (process.argv[2] ?? '127.0.0.1:5060').split(','));
}
