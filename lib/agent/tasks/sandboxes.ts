import fs from 'node:fs';
import path from 'node:path';
import type { Logger } from '../../base/index.js';
import { sandboxOf, type AgentFolder } from '../names.js';
import type { TaskRef } from '../types.js';

/**
 * Keeps the sandboxes of the tasks that ended last, for people to look into, and deletes older ones, so that an
 * agent that runs short tasks for years does not fill its disk.
 */
export class Sandboxes {
  private readonly folder: AgentFolder;
  private readonly keep: number;
  private readonly logger: Logger;
  /** Sandboxes of ended tasks, oldest first. */
  private readonly ended: Set<string> = new Set<string>();
  private deleting = false;

  constructor(folder: AgentFolder, keep: number, logger: Logger) {
    this.folder = folder;
    this.keep = keep;
    this.logger = logger;
  }

  /** Finds what earlier processes left. To be called before any task is started. */
  load(living: Iterable<TaskRef>): void {
    const used = new Set([...living].map((ref) => sandboxOf(this.folder, ref)));
    const found = listSandboxes(this.folder.tasks).filter(({ sandbox }) => !used.has(sandbox));
    for (const { sandbox } of found.sort((a, b) => a.changedMs - b.changedMs)) this.ended.add(sandbox);
    this.trim();
  }

  taskStarts(ref: TaskRef): void {
    this.ended.delete(sandboxOf(this.folder, ref));
  }

  taskEnded(ref: TaskRef): void {
    this.ended.add(sandboxOf(this.folder, ref));
    this.trim();
  }

  private trim(): void {
    if (this.deleting || this.ended.size <= this.keep) return;
    const [oldest] = this.ended;
    this.ended.delete(oldest!);
    this.deleting = true;
    fs.rm(oldest!, { recursive: true, force: true }, (error) => {
      this.deleting = false;
      if (error !== null)
        this.logger.warn({ sandbox: oldest, error: error.message }, 'cannot delete a sandbox');
      this.trim();
    });
  }
}

/** Folders of frameworks without any sandbox are removed on the way. */
function listSandboxes(root: string): { readonly sandbox: string; readonly changedMs: number }[] {
  const found: { sandbox: string; changedMs: number }[] = [];
  for (const framework of folders(root)) {
    const sandboxes = folders(framework);
    if (sandboxes.length === 0) fs.rmSync(framework, { recursive: true, force: true });
    for (const sandbox of sandboxes) found.push({ sandbox, changedMs: fs.statSync(sandbox).mtimeMs });
  }
  return found;
}

function folders(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(folder, entry.name));
}
