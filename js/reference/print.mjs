// Prints ../../pkg/docs/api from the types and comments in ../src; with --check, only says whether that is what is committed.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, Comment, Converter, ReflectionKind } from 'typedoc';
import { MarkdownTheme, MarkdownThemeContext } from 'typedoc-plugin-markdown';

const path = (place) => fileURLToPath(new URL(place, import.meta.url));
const COMMITTED = path('../../pkg/docs/api');
const check = process.argv.includes('--check');
const out = check ? mkdtempSync(join(tmpdir(), 'waxseal-')) : COMMITTED;
/** Entries that a program imports, as their files in ../src; each says in its first comment what it is called. */
const ENTRIES = ['index', 'mcp', 'stores', 'client', 'slim', 'client-slim'];

class Context extends MarkdownThemeContext {
  constructor(...given) {
    super(...given);
    // The signature has said it.
    for (const name of ['signatureReturns', 'inheritance', 'hierarchy']) this.partials[name] = () => '';
    this.partials.typeDeclarationUnionContainer = (model) => this.members(model.type);
  }

  /** What the members of a union stand for, as a list: where they say it. */
  members({ types, elementSummaries = [] }) {
    const said = types.map((type, place) => [type, elementSummaries[place] ?? []]).filter(([, summary]) => summary.length > 0);
    return said.map(([type, summary]) => `- ${this.partials.someType(type, { forceCollapse: true }).replace(/\s+/g, ' ')}: ${this.helpers.getCommentParts(summary)}`).join('\n');
  }
}

class Theme extends MarkdownTheme {
  getRenderContext(page) {
    return new Context(this, page, this.application.options);
  }
}

const app = await Application.bootstrapWithPlugins({
  name: 'API',
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: ENTRIES.map((name) => path(`../src/${name}.ts`)),
  tsconfig: path('../tsconfig.json'),
  outputs: [{ name: 'markdown', path: out }],
  logLevel: 'Warn',
  treatWarningsAsErrors: true,
  readme: 'none',
  theme: 'waxseal',
  router: 'module',
  excludePrivate: true,
  excludeExternals: true,
  disableSources: true,
  sort: ['source-order'],
  sortEntryPoints: false,
  groupOrder: ['Functions', 'Classes', '*'],
  flattenOutputFiles: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  hideGroupHeadings: true,
  pageTitleTemplates: { module: '{name}' },
  useCodeBlocks: true,
  expandObjects: true,
  expandParameters: true,
  typeDeclarationVisibility: 'compact',
  ...Object.fromEntries(['parameters', 'interfaceProperties', 'classProperties', 'typeAliasProperties', 'propertyMembers', 'typeDeclaration'].map((name) => [`${name}Format`, 'table'])),
  tableColumnSettings: { hideDefaults: true, hideInherited: true, hideModifiers: true, hideOverrides: true, hideSources: true },
});
app.renderer.defineTheme('waxseal', Theme);

/** Members of types without a name are told by what they are members of. */
const DOCUMENTED = ReflectionKind.Interface | ReflectionKind.TypeAlias | ReflectionKind.Class | ReflectionKind.Function | ReflectionKind.Method | ReflectionKind.Property | ReflectionKind.Accessor;
const nameless = (one) => one && (one.kindOf(ReflectionKind.TypeLiteral) || nameless(one.parent));

app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  const drop = (children, dropped) => [...(children ?? [])].filter(dropped).forEach((one) => project.removeReflection(one));
  // The slim entries have all names of the others.
  for (const { name, children } of project.children) if (name.endsWith('/slim')) drop(children, (one) => one.isReference());
  for (const one of Object.values(project.reflections)) {
    // What is another's is told in its own documentation.
    if (one.comment && /as far as (?:it is|they are) needed/.test(Comment.combineDisplayParts(one.comment.summary))) drop(one.children, () => true);
    if (one.kindOf(ReflectionKind.Parameter) && one.name === '__namedParameters') one.name = 'options';
  }
});

const project = await app.convert();
if (!project || app.logger.hasWarnings()) process.exit(1);
app.validate(project);
for (const one of Object.values(project.reflections)) {
  const told = one.hasComment() || one.signatures?.some((signature) => signature.hasComment());
  if (one.kindOf(DOCUMENTED) && !nameless(one) && !told) app.logger.error(`${one.getFullName()} has no comment`);
}
await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);

if (check) {
  const read = (folder) => Object.fromEntries(readdirSync(folder).sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  const [committed, printed] = [read(COMMITTED), read(out)];
  rmSync(out, { recursive: true });
  const stale = [...new Set([...Object.keys(committed), ...Object.keys(printed)])].filter((name) => committed[name] !== printed[name]);
  if (stale.length > 0) {
    console.error(`pkg/docs/api is not what the sources say: ${stale.join(', ')}; where that is meant: node js/reference/print.mjs`);
    process.exit(1);
  }
}
