import assert from 'node:assert/strict';
import fs from 'node:fs';
import { agentFolder, sandboxOf } from '../../lib/agent/names.js';
import { Sandboxes } from '../../lib/agent/tasks/sandboxes.js';
import { shellTask } from '../support/agent/master-double.js';
import { eventually } from '../support/eventually.js';
import { quiet } from '../support/quiet.js';
import { tempFolder } from '../support/temp-folder.js';

describe('sandboxes of ended tasks', () => {
  const temporary = tempFolder();
  const folder = agentFolder(temporary.path);
  const left = (): string[] => fs.readdirSync(`${folder.tasks}/F1`).sort();
  afterEach(() => fs.rmSync(folder.tasks, { recursive: true, force: true }));
  after(() => temporary.remove());

  const make = (id: string, changedMs: number): void => {
    const sandbox = sandboxOf(folder, shellTask(id, ''));
    fs.mkdirSync(sandbox, { recursive: true });
    fs.writeFileSync(`${sandbox}/stdout`, 'x');
    fs.utimesSync(sandbox, changedMs / 1000, changedMs / 1000);
  };

  it('are deleted, the oldest first, when there are more than are kept; those of living tasks never', async () => {
    ['new', 'oldest', 'old', 'living'].forEach((id, i) => make(id, [4000, 1000, 2000, 500][i]!));
    const sandboxes = new Sandboxes(folder, 2, quiet);
    sandboxes.load([shellTask('living', '')]);
    await eventually(() => left().length === 3, 5000);
    assert.deepEqual(left(), ['living', 'new', 'old']);
    sandboxes.taskEnded(shellTask('living', ''));
    await eventually(() => left().length === 2, 5000);
    assert.deepEqual(left(), ['living', 'new']);
  });

  it('are kept from the moment another task of the same id starts', async () => {
    make('again', 1000);
    make('other', 2000);
    const sandboxes = new Sandboxes(folder, 2, quiet);
    sandboxes.load([]);
    sandboxes.taskStarts(shellTask('again', ''));
    for (const id of ['x', 'y']) {
      make(id, 3000);
      sandboxes.taskEnded(shellTask(id, ''));
    }
    await eventually(() => left().length === 3, 5000);
    assert.deepEqual(left(), ['again', 'x', 'y']);
  });

  it('take the empty folders of their frameworks with them at the next start', () => {
    fs.mkdirSync(`${folder.tasks}/F2`, { recursive: true });
    new Sandboxes(folder, 2, quiet).load([]);
    assert.deepEqual(fs.readdirSync(folder.tasks), []);
  });
});
