#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { FileFault, line, Misuse, type Words, written } from './command.js';

const HELP = `usage: waxseal explain [--json] [NAME...]
       waxseal check-config [--filter-name NAME] FILE...
       waxseal check-config --schema
       waxseal policy test [--config CONFIG] [--filter-name NAME] [--json]
                           [--strict] FILE

explain tells what the errors of MCP servers, OAuth servers, AuthPlane and
Caracal mean, the usual cause, the fix. It asks nobody.

  NAME is a code (invalid_token), a reason (token_expired), the number of a
  JSON-RPC error (-32042) or of an HTTP status (403), or an error of AuthPlane
  (ErrInvalidGrant). Without NAME it reads a failed reply from the standard
  input: a WWW-Authenticate header, a body, all that \`curl -i\` writes, or lines
  of Envoy's log.

check-config reads configurations, JSON or YAML, as a gate does, and names the
member at fault. Secrets need not be there. A configuration of Envoy's will do,
with the gate's in its filter.

  --schema    write the JSON Schema of a configuration, for editors

policy test makes the calls of a table, JSON or YAML, to a real gate with the
configuration that the table names, and compares its decisions. It signs tokens
with a key of its own, and asks nobody. At the end it lists the rules that no
call has met.

  --config    the configuration, in place of the one that the table names
  --strict    fail where a rule was met by no call

all commands:

  --filter-name  the filter, where Envoy's configuration holds several
                 (check-config, policy test)
  --json      write JSON, for programs (explain, policy test)
  --help      write this
  --version   write the version

exit status: 0 explained, valid, passed; 1 not so; 2 wrong use, or a table that
cannot be read
`;

interface Command {
  flags: string[];
  /** Options that a value follows. */
  values?: string[];
  run(words: Words): Promise<number>;
}

/** Each is loaded when it is asked for: to explain a name needs no gate. */
const COMMANDS: { [name: string]: Command } = {
  explain: { flags: ['--json'], run: async (words) => (await import('./command-explain.js')).explainCommand(words) },
  'check-config': { flags: ['--schema'], values: ['--filter-name'], run: async (words) => (await import('./command-check-config.js')).checkConfigCommand(words) },
  'policy test': { flags: ['--json', '--strict'], values: ['--config', '--filter-name'], run: async (words) => (await import('./command-policy-test.js')).policyTestCommand(words) },
};

async function main(given: string[]): Promise<number> {
  if (given.includes('--help') || given.includes('-h')) return written(HELP);
  if (given.includes('--version')) return written(`${JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version}\n`);
  const words = given.filter((word) => !isOption(word));
  const name = words[0] === 'policy' ? words.slice(0, 2).join(' ') : words[0];
  const command = name === undefined || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
  if (!command) {
    const option = given.find(isOption);
    if (name === undefined && option !== undefined) throw new Misuse(`unknown option ${option}`);
    throw new Misuse(name === undefined ? 'no command' : `unknown command ${name}`);
  }
  const read: Words = { names: [], flags: new Set(), values: new Map() };
  for (const rest = [...given]; rest.length > 0; ) {
    const word = rest.shift() as string;
    if (!isOption(word)) read.names.push(word);
    else if (command.flags.includes(word)) read.flags.add(word);
    else if (command.values?.includes(word)) read.values.set(word, rest.shift() ?? missing(word));
    else throw new Misuse(`unknown option ${word}`);
  }
  read.names.splice(0, (name as string).split(' ').length);
  return command.run(read);
}

function missing(option: string): never {
  throw new Misuse(`${option} needs a value`);
}

/** `-32042` is a name. */
function isOption(word: string): boolean {
  return /^-(?!\d+$)./.test(word);
}

// A reader that has seen enough, such as `head`.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Misuse || error instanceof FileFault)) throw error;
  process.stderr.write(line(`waxseal: ${error.message}${error instanceof Misuse ? '; see waxseal --help' : ''}`));
  process.exitCode = 2;
}
