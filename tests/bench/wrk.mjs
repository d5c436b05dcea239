// wrk as a child process: what it sent, how fast, and that all of it was answered well.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CORES, pin } from './cores.mjs';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));
const SCRIPT = path('wrk.lua');
export const CONNECTIONS = 16;

let binary;
/** The path of wrk, which is installed where it is missing. */
export const wrk = () => (binary ??= execFileSync('bash', [path('install.sh')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim());

const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

/**
 * Sends what `file` has, for so many whole seconds, or until all of it was sent `once`. Any status but a good one, and any
 * connection that failed, is an error. Requests, seconds, and latencies in microseconds.
 */
export async function load(url, { file, method = 'GET', scheme = 'Bearer', once: spend = false, seconds, body }) {
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', SCRIPT, url, '--', file, method, scheme, spend ? 'once' : 'again', ...(body ? [body] : [])];
  const child = spawn(wrk(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  pin(child.pid, CORES.driving);
  children.add(child);
  const said = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  let report;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) report = JSON.parse(line);
    // It would wait for the end of its time; when interrupted, it reports.
    else if (line === 'spent') child.kill('SIGINT');
  });
  const [code] = await once(child, 'close');
  children.delete(child);
  if (!report) throw new Error(`wrk ended with ${code}: ${said.join(' ')}`);
  if (report.status || report.socket || !report.requests) throw new Error(`wrk saw ${report.status} bad replies and ${report.socket} failed connections, of ${report.requests}: ${said.join(' ')}`);
  return report;
}
