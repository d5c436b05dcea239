import type { Explained, Explanation } from './explain.js';
import type { Action, Reading } from './reading.js';

/** How text is shown: with colours or without, in lines of at most so many characters. */
export interface Style {
  colour: boolean;
  width: number;
}

/** More candidates than this are listed by name only. */
const AT_LENGTH = 3;
/** Columns before the text of a field. */
const INDENT = 11;

const SURFACES: { [surface in Explanation['surface']]: string } = {
  gate: 'from a Waxseal gate',
  resource: 'from a resource server',
  authorization_server: 'from an authorization server',
  caracal_verifier: "from Caracal's verifier",
  caracal_gateway: "from Caracal's Gateway",
  caracal_sts: "from Caracal's token service",
  caracal_control: "from Caracal's control plane",
  caracal_library: "from Caracal's libraries",
  mcp: 'from an MCP server',
};

/** What a reply says, and what to do next. */
export function shownReading({ action, code, status, surface, message, requestId }: Reading, style: Style): string {
  const what = [status, code && safe(code), surface && SURFACES[surface]].filter(Boolean).join(', ');
  const lines = [
    bold(`Reply: ${what || 'no error that is known'}`, style),
    ...(message ? [field('Says', safe(message), style)] : []),
    ...(requestId ? [field('Request', safe(requestId), style)] : []),
    field('Next', next(action), style),
  ];
  return lines.join('\n');
}

/** Candidates at length, or, where they are many, the one of this very name at length and the others in a list. */
export function shownExplained(name: string | undefined, { candidates, near }: Explained, style: Style): string {
  if (candidates.length === 0) {
    const unknown = name === undefined ? 'Nothing is known about this.' : `Nothing is known about \`${safe(name)}\`.`;
    return near.length > 0 ? `${unknown} Did you mean ${near.map((one) => bold(one, style)).join(', ')}?` : unknown;
  }
  if (candidates.length <= AT_LENGTH) return candidates.map((one) => shown(one, style)).join('\n\n');
  const exact = candidates.filter(({ reason, rpc, sentinel }) => reason === name || sentinel !== undefined || String(rpc) === name);
  const others = candidates.filter((one) => !exact.includes(one));
  if (others.length === 0) return exact.map((one) => shown(one, style)).join('\n\n');
  const head = exact.length > 0 ? 'The same name also stands for these; ask for one of them:' : 'It stands for these; ask for one of them:';
  return [...exact.map((one) => `${shown(one, style)}\n`), head, ...listed(others, style)].join('\n');
}

/** One line each, by who sends them. */
function listed(candidates: Explanation[], style: Style): string[] {
  const longest = Math.max(...candidates.map(({ reason }) => reason.length));
  const surfaces = [...new Set(candidates.map(({ surface }) => surface))];
  return surfaces.flatMap((surface) => {
    const own = candidates.filter((one) => one.surface === surface);
    return [faint(` ${SURFACES[surface]}`, style), ...own.map(({ reason, meaning }) => hanging(`  ${reason.padEnd(longest)}  `, meaning.trim(), style))];
  });
}

function shown(one: Explanation, style: Style): string {
  const { reason, code, rpc, aliases, statuses, surface, retry, meaning, symptom, cause, fix, check, source, sentinel } = one;
  const head = [code === reason ? undefined : code, rpc === undefined ? statuses.join('/') : `JSON-RPC ${rpc}`, SURFACES[surface]];
  return [
    `${bold(reason, style)}  ${faint(head.filter(Boolean).join(', '), style)}`,
    hanging('  ', meaning.trim(), style),
    ...(sentinel ? [hanging(`  ${sentinel.sentinel}: `, `${sentinel.meaning} (AuthPlane, ${sentinel.group})`, style, INDENT)] : []),
    field('Symptom', symptom, style),
    field('Cause', cause, style),
    field('Fix', fix, style),
    field('Check', check, style),
    field('Retry', retry.replaceAll('_', ' '), style),
    ...(aliases.length > 0 ? [field('Also', aliases.join(', '), style)] : []),
    field('Source', source, style),
  ].join('\n');
}

function next(action: Action): string {
  switch (action.kind) {
    case 'authenticate':
    case 'refresh': {
      const what = action.kind === 'refresh' ? 'get a new token' : 'sign in';
      return [what, action.scope && `scope ${safe(action.scope)}`, action.resourceMetadata && safe(action.resourceMetadata)].filter(Boolean).join('; ');
    }
    case 'step_up': {
      const { scopes, acrValues, maxAge } = action;
      const wanted = [
        scopes?.length && `with scope ${safe(scopes.join(' '))}`,
        acrValues?.length && `at level ${safe(acrValues.join(' or '))}`,
        maxAge !== undefined && `no longer than ${maxAge} s ago`,
      ].filter(Boolean);
      return ['authorize again', ...wanted].join(' ');
    }
    case 'retry_with_nonce':
      return `send the same request with a new proof that has the nonce ${safe(action.nonce)}`;
    case 'retry_after':
      return action.seconds === undefined ? 'send the same request later' : `send the same request in ${action.seconds} s`;
    case 'open_url':
      return `have the user open ${action.urls.map(({ url }) => safe(url)).join(' and ')}, then send the request again`;
    case 'fix_request':
      return 'change the request';
    case 'contact_operator':
      return 'ask who runs the server';
    default:
      return 'give up: no other try helps';
  }
}

function field(name: string, text: string, style: Style): string {
  return hanging(`  ${name.padEnd(INDENT - 2)}`, text, style);
}

/** Breaks text into lines that are as far to the right as the first. */
function hanging(label: string, text: string, style: Style, indent = label.length): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const left = style.width - (lines.length === 0 ? label.length : indent);
    if (line && line.length + 1 + word.length > left) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  lines.push(line);
  return faint(label, style) + lines.join(`\n${' '.repeat(indent)}`);
}

/** A stranger's text could steer the terminal: no control characters, and none that turn the writing. */
function safe(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

function bold(text: string, { colour }: Style): string {
  return colour ? `\x1b[1m${text}\x1b[22m` : text;
}

function faint(text: string, { colour }: Style): string {
  return colour && text.trim() ? `\x1b[36m${text}\x1b[39m` : text;
}
