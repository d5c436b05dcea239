// A runtime on a server: does what each line of its input says, and tells when it has done it.

import process from 'node:process';
import { createInterface } from 'node:readline';
import { Gate } from '../../pkg/dist/index.js';
import { subject } from './subject.mjs';

const bench = subject(Gate);
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, ...args] = JSON.parse(line);
  await bench[verb](...args).then(() => console.log('done'), (error) => console.log(`failed: ${error.message}`));
}
