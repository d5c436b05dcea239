// Makes the wasm module of the gate ready.
import packed from './bytes.js';
import * as glue from './core.js';
import { started } from './inline.js';

export default started('core', glue, packed);
