// What the command needs of Node. The package's other files need none of it.

declare module 'node:fs' {
  export function readFileSync(path: URL | string, encoding: 'utf8'): string;
}

declare module 'node:path' {
  export function dirname(path: string): string;
  export function resolve(...parts: string[]): string;
}

declare module 'node:process' {
  interface Output {
    readonly isTTY?: boolean;
    readonly columns?: number;
    write(text: string): boolean;
    on(event: 'error', act: (error: { code?: string }) => void): void;
  }
  const process: {
    readonly argv: string[];
    readonly env: { [name: string]: string | undefined };
    readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
    readonly stdout: Output;
    readonly stderr: Output;
    exitCode: number | undefined;
  };
  export default process;
}
