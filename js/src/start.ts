import { misuse } from './error.js';
import { isA } from './realm.js';

/** What a wasm module is made ready from: its bytes, or the module that a runtime made of them. */
export type WasmSource = WebAssembly.Module | ArrayBuffer | ArrayBufferView;

/** The functions that wasm-bindgen writes around a module: those that it imports, too. */
interface Glue {
  __wbg_set_wasm(exports: object): void;
}

/** What makes a wasm module ready, once: what was made with one instance means nothing to another. */
export function starter(name: string, glue: object) {
  const imports = { [`./${name}_bg.js`]: glue as WebAssembly.ModuleImports };
  const { __wbg_set_wasm: use } = glue as Glue;
  let running: WebAssembly.Exports | undefined;
  const begin = ({ exports }: WebAssembly.Instance): void => {
    if (running) return;
    running = exports;
    use(exports);
    (exports as { __wbindgen_start(): void }).__wbindgen_start();
  };
  use(new Proxy({}, { get() { throw misuse('`init` or `initSync` must come first'); } }));
  return {
    async init(source: WasmSource): Promise<void> {
      if (!running) begin(await WebAssembly.instantiate(isBytes(source) ? await WebAssembly.compile(source) : source, imports));
    },
    initSync(source: WasmSource): void {
      if (!running) begin(new WebAssembly.Instance(isBytes(source) ? new WebAssembly.Module(source) : source, imports));
    },
    /** What the module exports. */
    exports: () => running,
  };
}

function isBytes(source: WasmSource): source is BufferSource {
  return ArrayBuffer.isView(source) || isA(source, 'ArrayBuffer');
}
