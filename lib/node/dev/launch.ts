import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SYSTEM } from '../../client/internal.js';
import { Children, type ChildExit, type Launch } from './children.js';

const BIN = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../../bin/tepui');

/**
 * Starts `bin/tepui` with the arguments in a group of its own, its output in `output.log` of its folder. It holds
 * one end of a pipe: when `dev` dies, the kernel closes the other end and the process ends itself.
 */
const launchTepui: Launch = ({ folder, args }, onEnd) => {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'output.log');
  const output = openSync(file, 'a');
  const before = fstatSync(output).size;
  const child = spawn(process.execPath, [BIN, ...args], {
    detached: true,
    stdio: ['ignore', output, output, 'pipe'],
    env: { ...process.env, TEPUI_LIFELINE_FD: '3' },
  });
  closeSync(output);
  // The pipe carries nothing; an error on it only means that the process is gone.
  child.stdio[3]?.on('error', () => undefined);
  child.once('error', (error) => onEnd(`could not be started: ${error.message}`));
  child.once('exit', (code, signal) => onEnd(signal ?? `exit ${code}${complaint(file, before)}`));
  return {
    pid: child.pid ?? null,
    kill: (signal) => void child.kill(signal),
    cut: () => void child.stdio[3]?.destroy(),
  };
};

/** Why a process says that it ends, from what it wrote after the first `before` bytes; empty when it does not say. */
function complaint(file: string, before: number): string {
  try {
    const lines = readFileSync(file).subarray(before).toString().split('\n');
    const said = lines.find((line) => line.startsWith('tepui: ') && !line.startsWith('tepui: warning'));
    return said === undefined ? '' : `, ${said.slice('tepui: '.length)}`;
  } catch {
    return '';
  }
}

/** Processes of `bin/tepui`. */
export function tepuiChildren(respawn: boolean, onExit: (exit: ChildExit) => void): Children {
  return new Children({ launch: launchTepui, timers: SYSTEM.timers, respawn, onExit });
}
