// The Envoy that is measured has a core to itself, and what drives it another; where there is only one, or no `taskset`, they share.

import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

export const CORES = { measured: 0, driving: 1 };

export const pinned = availableParallelism() > CORES.driving && canPin();

function canPin() {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** All threads of a process. */
export function pin(pid, core) {
  if (pinned) execFileSync('taskset', ['-a', '-p', '-c', String(core), String(pid)], { stdio: 'ignore' });
}
