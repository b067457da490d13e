import assert from 'node:assert/strict';
import { observe } from './observe.js';
import { parseExpectation, renderExpectation, type Command, type Expectation, type Script } from './parse.js';
import { pureObservation } from './pure.js';
import { World } from './world.js';

/** Expected and observed values of one `expect` line. */
interface Finding {
  readonly command: Command;
  readonly expected: Expectation;
  readonly observed: Expectation;
}

/** Runs a script and returns what its `expect` lines found; a line that cannot be carried out names itself. */
function play(script: Script): Finding[] {
  const world = new World();
  return script.commands.flatMap((command): Finding[] => {
    try {
      if (command.name !== 'expect') {
        world.run(command.name, command.words);
        return [];
      }
      const expected = parseExpectation(command.words);
      return [{ command, expected, observed: look(world, expected) }];
    } catch (error) {
      throw new Error(`line ${command.line}, ${command.name} ${command.words.join(' ')}: ${String(error)}`, {
        cause: error,
      });
    }
  });
}

function look(world: World, { subject, values }: Expectation): Expectation {
  const value = (key: string): string => {
    if (subject === 'result') return world.result;
    return pureObservation(subject, key) ?? observe(world.cluster, subject, key);
  };
  return { subject, values: values.map(([key]) => [key, value(key)]) };
}

/** Fails on the first fact that is not as the script says. */
export function checkScript(script: Script): void {
  for (const { command, expected, observed } of play(script)) {
    assert.equal(renderExpectation(observed), renderExpectation(expected), `line ${command.line}`);
  }
}

/** The script with the values of its `expect` lines replaced by what is observed: read them before you keep them. */
export function rewriteScript(script: Script): string {
  const lines = [...script.lines];
  for (const { command, observed } of play(script)) lines[command.line - 1] = renderExpectation(observed);
  return lines.join('\n');
}
