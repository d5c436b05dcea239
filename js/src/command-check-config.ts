import process from 'node:process';
import { asked, refused } from './asking.js';
import { documentOf, FileFault, fileText, line, Misuse, STANDS_FOR_A_SECRET, type Words, written } from './command.js';
import { type Config, type Issuer, jsonOf } from './config.js';
import { Core } from './core.js';
import { WaxsealError } from './error.js';
import { embedded } from './envoy.js';
import './index.js';

/** `waxseal check-config`. */
export async function checkConfigCommand({ names, flags, values }: Words): Promise<number> {
  if (flags.has('--schema')) {
    if (names.length > 0) throw new Misuse('--schema stands alone');
    return written(fileText(new URL('../config.schema.json', import.meta.url)));
  }
  if (names.length === 0) throw new Misuse('no FILE');
  let status = 0;
  for (const path of names) {
    try {
      const { config, secrets } = configOf(path, values.get('--filter-name'));
      written(`${line(`${path}: ok`)}${summary(config, secrets)}`);
    } catch (error) {
      if (!(error instanceof FileFault)) throw error;
      process.stderr.write(line(error.message));
      status = 1;
    }
  }
  return status;
}

/** Reads a configuration, or that of a filter in Envoy's own, as a gate does, and which secrets it names. */
export function configOf(path: string, filter: string | undefined): { config: Config; secrets: string[] } {
  const { json, value } = documentOf(path);
  const own = embedded(value, path, filter);
  if (!own) return { config: value as Config, secrets: secretsOf(value, path, json) };
  const secrets = secretsOf(undefined, `${path}: ${own.name}`, own.json);
  return { config: JSON.parse(own.json), secrets };
}

/** The names of the secrets of a configuration that a gate takes. */
export function secretsOf(config: unknown, place: string, json?: string): string[] {
  const secrets = new Set<string>();
  const env = (name: string) => {
    secrets.add(name);
    return STANDS_FOR_A_SECRET;
  };
  try {
    // Where it is JSON already, as it stands there: a name may stand there twice.
    asked(() => new Core(json ?? jsonOf(config as Config), env), refused).free();
  } catch (error) {
    if (!WaxsealError.isInstance(error)) throw error;
    throw new FileFault(`${place}: ${error.message}`);
  }
  return [...secrets];
}

function summary({ issuers, policy = {}, limits = {} }: Config, secrets: string[]): string {
  const { rules = [], body = 'hold_body' } = policy;
  const otherwise = policy.default ?? (rules.length > 0 ? 'deny' : 'allow');
  const relaxed = issuers.filter(({ claims }) => claims?.optional?.length);
  const lines = [
    ['issuers', issuers.map(shownIssuer).join(', ')],
    ['may lack', relaxed.map(({ issuer, claims }) => `${issuer}: ${claims?.optional?.join(', ')}`).join('; ') || 'nothing'],
    ['rules', `${rules.length}, otherwise ${otherwise}`],
    ['body', `${body}, at most ${limits.body ?? 65_536} bytes`],
    ...(secrets.length > 0 ? [['secrets', secrets.join(', ')]] : []),
  ];
  return lines.map(([name = '', text]) => line(`  ${name.padEnd(9)} ${text}`)).join('');
}

function shownIssuer({ issuer, profile = 'oauth', zone }: Issuer): string {
  return `${issuer} (${zone === undefined ? profile : `${profile}, ${zone}`})`;
}
